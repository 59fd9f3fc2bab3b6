"""Editing the code: its ranges, images of it, and images between two others."""

import numpy as np
import pytest

from autoencoder.live.codes import IMAGES
from tests.support.live_models import ARCHITECTURES, inspect, make_session
from workbench.errors import OperationError
from workbench.run.changes import parse_changes


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_code_is_that_of_the_image_that_is_looked_at(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    inspector.show("held_out", 1, 2)
    code, _ = inspector.code()
    expected = session.model.encode(session.held_out.images[3:4])[0]
    np.testing.assert_allclose(code["code"], expected, rtol=1e-5, atol=1e-7)


def test_ranges_are_those_of_the_first_training_images():
    session = make_session(count=IMAGES + 40)
    _, inspector = inspect(session)
    inspector.show("held_out", 0, 0)
    code, _ = inspector.code()
    codes = session.model.encode(session.training.images[:IMAGES])
    low, high = np.percentile(codes, [2, 98], axis=0)
    np.testing.assert_allclose(code["low"], low, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(code["high"], high, rtol=1e-4, atol=1e-6)
    spreads = codes.std(axis=0)[code["order"]]
    assert sorted(code["order"]) == list(range(session.settings.code_size))
    assert (np.diff(spreads) <= 1e-7).all()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_code_becomes_the_image_the_decoder_makes_of_it(name: str):
    session = make_session(name, output_activation="identity")
    code = np.random.default_rng(3).normal(0, 2, session.settings.code_size).astype(np.float32)
    _, arrays = inspect(session)[1].decode(code.tolist())
    expected = session.model.decode(code[None])[0] * 255
    assert arrays["image"].dtype == np.uint8
    assert arrays["image"].shape == tuple(session.model.shape)
    assert np.abs(arrays["image"] - expected).max() <= 0.501


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_ends_of_the_way_between_two_images_are_their_outputs(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    first, second = (inspector.between(3, 9, share)[1]["image"] for share in (0, 1))
    outputs = session.model.reconstruct(session.training.images[[3, 9]]) * 255
    assert np.abs(first - outputs[0]).max() <= 0.501
    assert np.abs(second - outputs[1]).max() <= 0.501


def test_half_way_is_the_image_of_the_mean_of_both_codes():
    session = make_session()
    session.model.network.parameters.values[:] *= 4
    _, inspector = inspect(session)
    half = inspector.between(3, 1000, 0.5)[1]["image"]
    mean = session.model.encode(session.training.images[[3, 39]]).mean(axis=0)
    assert np.abs(half - session.model.decode(mean[None])[0] * 255).max() <= 0.51
    assert not np.array_equal(half, inspector.between(3, 39, 0)[1]["image"])


def test_a_clamped_number_of_the_code_is_clamped_for_every_image():
    session = make_session()
    _, inspector = inspect(session)
    encoder = session.model.encoder
    encoder.clamp("1", {2: 0.75})  # type: ignore[attr-defined]
    code, _ = inspector.code()
    assert code["code"][2] == code["low"][2] == code["high"][2] == 0.75
    assert code["order"][-1] == 2


def test_ranges_are_found_anew_after_some_seconds_with_steps_or_changes_only():
    now = [100.0]
    session = make_session()
    _, inspector = inspect(session, clock=lambda: now[0])
    first = inspector.code()[0]["low"]
    session.trainer.make_step()
    now[0] += 2.9
    assert inspector.code()[0]["low"] == first
    now[0] += 0.2
    second = inspector.code()[0]["low"]
    assert second != first
    now[0] += 1000
    session.model.network.parameters.values[:] *= 1.5
    assert inspector.code()[0]["low"] == second  # no step was made and nothing changed by hand
    session.steering.apply(parse_changes([{"kind": "bias", "layer": 2, "neuron": 0, "value": 3}]))
    assert inspector.code()[0]["low"][0] > second[0] + 2


def test_slow_ranges_are_found_more_rarely():
    ticks = iter(np.arange(0, 1000, 0.5))
    session = make_session()
    _, inspector = inspect(session, clock=lambda: float(next(ticks)))  # half a second for the ranges
    first = inspector.code()[0]["low"]
    for _ in range(90):  # till 45 seconds: the ranges are good for 50
        session.trainer.make_step()
        assert inspector.code()[0]["low"] == first
    for _ in range(15):
        inspector.code()
    assert inspector.code()[0]["low"] != first


def test_what_is_no_code_is_refused():
    _, inspector = inspect(make_session())
    with pytest.raises(OperationError, match="a code of 3 numbers, this network's have 4"):
        inspector.decode([0.0] * 3)
    with pytest.raises(OperationError, match="must be finite"):
        inspector.decode([0.0, 1e300, 0.0, 0.0])
    with pytest.raises(OperationError, match=r"share 1.5: give 0"):
        inspector.between(0, 1, 1.5)
