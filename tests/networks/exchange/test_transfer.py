"""Transfer: parts by name from networks and files, all or nothing unless it is asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import LSTM, BatchNormalisation, Dense, Sequential, save_model
from networks.exchange import ExchangeError, onnx, pytorch, transfer
from nn import SequenceShape, Shape
from tests.support.dense_onnx import write_dense

pytestmark = pytest.mark.usefixtures("one_thread")


GENERATOR = np.random.default_rng(0)


def encoder(seed=0, units=(5, 3)):
    generator = np.random.default_rng(seed)
    network = Sequential(
        Shape(1, 1, 4), [Dense.of(units[0]), BatchNormalisation.of(), Dense.of(units[1])], generator=generator
    )
    network.load_state({"1.means": np.full(5, seed, np.float32), "1.variances": np.full(5, 2, np.float32)})
    return network


def model(seed, classes, part="encoder"):
    body = encoder(seed)
    head = Dense(body.output_shape, classes, generator=np.random.default_rng(seed))
    return Sequential({part: body, "head": head})


def values(network):
    arrays = {name: network.parameters[name].copy() for name in network.parameters.names}
    return arrays | {name: array.copy() for name, array in network.state().items()}


def assert_taken(target, source, part, other):
    ours, theirs = values(target), values(source)
    taken = {name for name in ours if name.startswith(part)}
    assert taken
    for name in taken:
        assert np.array_equal(ours[name], theirs[other + name.removeprefix(part)]), name


@given(st.integers(1, 4))
def test_a_part_is_taken_with_its_statistics_and_nothing_else(classes):
    target, source = model(1, classes), model(2, 5, "body")
    before = values(target)
    report = transfer.take(target, source, {"encoder": "body"})
    assert_taken(target, source, "encoder", "body")
    assert report.is_whole and len(report.matched) == 8 and str(report) == "8 tensors matched"
    assert np.array_equal(values(target)["head.weights"], before["head.weights"])
    target.parameters.freeze("encoder")
    assert "head.weights" not in target.parameters.frozen


def test_a_file_of_ours_and_one_of_pytorch_give_the_same(tmp_path):
    source = model(2, 5, "body")
    save_model(tmp_path / "ours.safetensors", source)
    pytorch.save(source, tmp_path / "theirs.safetensors")
    for name in ("ours", "theirs"):
        target = model(1, 3)
        report = transfer.take(target, tmp_path / f"{name}.safetensors", {"encoder": "body"})
        assert_taken(target, source, "encoder", "body")
        assert report.is_whole and all(each.startswith("encoder.") for each in report.matched)


def test_layers_of_an_onnx_file_are_taken(tmp_path):
    path = tmp_path / "theirs.onnx"
    write_dense(path, (4, 5, 3), ("Relu", None))
    source, target = onnx.load(path), model(1, 3)
    report = transfer.take(target, path, {"encoder.0": "layer0", "encoder.2": "layer1"})
    assert report.is_whole and len(report.matched) == 4
    assert_taken(target, source, "encoder.2", "layer1")
    with pytest.raises(ExchangeError, match=r"theirs\.onnx has no part 'layer9'"):
        transfer.take(target, path, {"encoder.0": "layer9"})


def test_parts_of_parts_and_single_arrays_have_names(tmp_path):
    source = model(2, 5)
    target = model(1, 3)
    transfer.take(target, source, {"encoder.0": "encoder.0", "encoder.2.biases": "encoder.2.biases"})
    assert_taken(target, source, "encoder.0", "encoder.0")
    assert np.array_equal(target.parameters["encoder.2.biases"], source.parameters["encoder.2.biases"])
    pytorch.save(source, tmp_path / "theirs.safetensors")
    again = model(1, 3)
    transfer.take(again, tmp_path / "theirs.safetensors", {"encoder.0": "encoder.0"})
    assert_taken(again, source, "encoder.0", "encoder.0")


@pytest.mark.parametrize("origin", ["network", "ours", "theirs"])
def test_what_does_not_fit_is_refused_and_nothing_changed_unless_it_is_asked_for(tmp_path, origin):
    source = model(2, 5)
    path = tmp_path / "source.safetensors"
    if origin != "network":
        (save_model(path, source) if origin == "ours" else pytorch.save(source, path))
    target = model(1, 3)
    before = values(target)
    given_source = source if origin == "network" else path
    with pytest.raises(ExchangeError, match="does not fit the network") as caught:
        transfer.take(target, given_source)
    assert "head.bias" in str(caught.value) and "3 in the network, 5 in the" in str(caught.value)
    assert all(np.array_equal(before[name], array) for name, array in values(target).items())
    report = transfer.take(target, given_source, partial=True)
    assert_taken(target, source, "encoder", "encoder")
    assert np.array_equal(target.parameters["head.weights"], before["head.weights"])
    assert {name.rpartition(".")[0] for name in report.differing} == {"head"} and not report.is_whole


def test_what_only_one_has_is_named():
    target = Sequential({"a": encoder(1), "b": Dense(Shape(1, 1, 3), 2, generator=np.random.default_rng(0))})
    source = Sequential({"a": encoder(2), "c": Dense(Shape(1, 1, 3), 2, generator=np.random.default_rng(0))})
    report = transfer.take(target, source, partial=True)
    assert report.missing == ("b.weights", "b.biases") and report.unexpected == ("c.weights", "c.biases")
    assert "missing in the source: b.weights" in str(report)


def test_a_partial_state_dict_is_reported_by_the_names_of_both(tmp_path):
    source = Sequential({"body": encoder(2, units=(5, 4)), "more": Dense.of(2)}, generator=GENERATOR)
    pytorch.save(Sequential({"whole": source}), tmp_path / "theirs.safetensors")
    target = model(1, 3)
    report = transfer.take(
        target, tmp_path / "theirs.safetensors", {"encoder": "whole.body", "head": "whole.more"}, partial=True
    )
    assert_taken(target, source.named["body"], "encoder.0", "0")
    assert set(report.differing) == {"encoder.2.weight", "encoder.2.bias", "head.weight", "head.bias"}
    report = transfer.take(target, tmp_path / "theirs.safetensors", {"encoder": "whole"}, partial=True)
    assert "whole.more.weight" in report.unexpected and "encoder.0.weight" in report.missing


def test_states_that_a_network_goes_on_from_stay():
    networks = []
    for seed in range(2):
        made = LSTM(SequenceShape(2, 1), units=2, generator=np.random.default_rng(seed), stateful=True)
        made.forward(np.full((2, 1, 16), seed + 1, np.float32), training=True)
        networks.append(made)
    before = {name: array.copy() for name, array in networks[0].state().items()}
    report = transfer.take(networks[0], networks[1])
    assert all(np.array_equal(before[name], array) for name, array in networks[0].state().items())
    assert set(report.matched) == set(networks[0].parameters.names)
    both = [Sequential({"lstm": each}) for each in networks]
    both[1].parameters.values[:] = 0.5
    transfer.take(both[0], both[1])
    assert (both[0].parameters.values == 0.5).all()
    assert np.array_equal(both[0].state()["lstm.hidden"], before["hidden"])


def test_numbers_that_do_not_fit_the_type_are_refused():
    source = Dense(Shape(1, 1, 2), 2, generator=np.random.default_rng(0), dtype=np.float64)
    source.parameters["biases"][1] = 1e300
    target = Dense(Shape(1, 1, 2), 2, generator=np.random.default_rng(1))
    before = target.parameters.values.copy()
    with pytest.raises(ExchangeError, match="biases has NaN, or numbers too large for float32"):
        transfer.take(target, source)
    assert np.array_equal(target.parameters.values, before)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "there are no parts to take"),
        ({"encodr": "encoder"}, "the target has no part 'encodr'"),
        ({"encoder": "body"}, "the source has no part 'body'"),
        ({"encoder": "encoder", "encoder.0": "encoder.0"}, "encoder.0 is within encoder"),
        ({"": "", "head": "head"}, "head is within the whole"),
    ],
)
def test_parts_that_cannot_be_are_refused(parts, message):
    with pytest.raises(ExchangeError, match=message):
        transfer.take(model(1, 3), model(2, 3), parts)


def test_files_that_cannot_be_read_are_named(tmp_path):
    path = tmp_path / "model.safetensors"
    target = model(1, 3)
    with pytest.raises(ExchangeError, match=r"model\.safetensors: cannot be read"):
        transfer.take(target, path)
    path.write_bytes(b"no model")
    with pytest.raises(ExchangeError, match=r"model\.safetensors: truncated, damaged"):
        transfer.take(target, path)
    pytorch.save(model(2, 3), path)
    with pytest.raises(ExchangeError, match=r"model\.safetensors: has no module 'body'"):
        transfer.take(target, path, {"encoder": "body"})
    with pytest.raises(
        ExchangeError, match=r"the target has no network 'encoder\.9': '9' is none of 0, 1, 2"
    ):
        transfer.take(target, path, {"encoder.9": "encoder"})
    save_model(path, model(2, 3))
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ExchangeError, match=r"model\.safetensors"):
        transfer.take(target, path)
