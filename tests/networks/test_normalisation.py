"""Batch and layer normalisation: every rung against central differences, the plain rung and torch."""

import json
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support.normalisations import (
    KINDS,
    TOLERANCE,
    batch,
    batch_numbers,
    every_kind,
    histories,
    layer,
    shapes,
)
from tests.support.rung_checks import every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")


@every_rung
@every_kind
@given(shape=shapes, histories=histories)
def test_gradients(rung, kind, shape, histories):
    checks.check_gradients(KINDS[kind](rung, shape), histories)


@every_faster_rung
@every_dtype
@every_kind
@given(shape=shapes, histories=histories)
def test_same_as_plain(rung, dtype, kind, shape, histories):
    network, plain = (KINDS[kind](each, shape, dtype) for each in (rung, "plain"))
    checks.check_same_as_plain(network, plain, histories, TOLERANCE[dtype])


@every_faster_rung
@every_dtype
@every_kind
@pytest.mark.parametrize("shape", [Shape(24, 24, 32), Shape(1, 1, 5000), SequenceShape(3000, 6)])
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype, kind, shape):
    network, plain = (KINDS[kind](each, shape, dtype) for each in (rung, "plain"))
    numbers = checks.numbers(plain, 64)
    passed = [checks.pass_through(each, *numbers, training=True) for each in (network, plain)]
    checks.assert_close(*passed, 3 * TOLERANCE[dtype])


@every_dtype
@every_kind
def test_threads_do_not_change_a_bit(dtype, kind):
    checks.check_threads(KINDS[kind]("o2", Shape(24, 24, 16), dtype), 45)


@every_rung
@every_dtype
@given(shape=shapes, histories=histories, axes=st.sampled_from(["last", "all"]))
def test_torch_layer_norm_gives_the_same(rung, dtype, shape, histories, axes):
    torch = pytest.importorskip("torch")
    network = layer(rung, shape, dtype, axes=axes, epsilon=1e-3)
    values, signals = batch_numbers(network, histories, entries=histories)
    measured = network.parameters["scale"].shape
    norm = torch.nn.LayerNorm(measured, eps=1e-3, dtype=getattr(torch, dtype))
    with torch.no_grad():
        norm.weight.copy_(torch.tensor(network.parameters["scale"]))
        norm.bias.copy_(torch.tensor(network.parameters["shift"]))
    inputs, gradients = (torch.tensor(np.moveaxis(each, -1, 0).copy()) for each in (values, signals))
    outputs = norm(inputs.requires_grad_())
    outputs.backward(gradients)
    expected = {
        "outputs": np.moveaxis(outputs.detach().numpy(), 0, -1),
        "input signals": np.moveaxis(inputs.grad.numpy(), 0, -1),
        "scale": norm.weight.grad.numpy(),
        "shift": norm.bias.grad.numpy(),
    }
    checks.assert_close(checks.pass_through(network, values, signals), expected, TOLERANCE[dtype])


@every_rung
@every_kind
def test_one_number_to_measure_is_replaced_by_the_shift(rung, kind):
    network = KINDS[kind](rung, Shape(1, 1, 1), "float32")
    values = np.full((1, 1, 1, 20), np.float32(0.3))
    outputs = network.forward(values, training=True)
    assert np.allclose(outputs, network.parameters["shift"], atol=1e-3)
    assert np.allclose(network.backward(np.ones_like(values)), 0, atol=1e-3)


@every_rung
@every_dtype
@every_kind
@pytest.mark.parametrize("histories", [1, 16, 21])
def test_learning_rate_descends_along_the_gradient(rung, dtype, kind, histories):
    build = lambda each, dtype: KINDS[kind](each, dtype=dtype)  # noqa: E731
    checks.check_learning_rate(build, rung, dtype, histories, TOLERANCE[dtype])


@every_rung
@every_kind
def test_gradients_add_up(rung, kind):
    checks.check_gradients_add_up(KINDS[kind](rung), 5, TOLERANCE["float64"])


@every_rung
@every_dtype
@every_kind
def test_batches_of_any_size_in_turn(rung, dtype, kind):
    checks.check_number_of_histories(KINDS[kind](rung, dtype=dtype), TOLERANCE[dtype])


@every_rung
@every_dtype
@every_kind
@pytest.mark.parametrize("training", [True, False])
def test_arrays_of_any_layout(rung, dtype, kind, training):
    network, same = KINDS[kind](rung, dtype=dtype), KINDS[kind](rung, dtype=dtype)
    values, signals = checks.numbers(network, 7)
    expected = checks.pass_through(network, values, signals, training)
    turned = [np.asfortranarray(array) for array in (values, signals)]
    checks.assert_close(checks.pass_through(same, *turned, training), expected, TOLERANCE[dtype])


@every_rung
@every_dtype
@every_kind
def test_nan_is_not_hidden(rung, dtype, kind):
    checks.check_nan_is_not_hidden(KINDS[kind](rung, dtype=dtype))


@every_rung
@every_dtype
@every_kind
def test_what_does_not_fit_is_refused(rung, dtype, kind):
    messages = checks.check_wrong_input(KINDS[kind](rung, dtype=dtype)).splitlines()
    assert len(messages) == 9
    assert all("_normalisation: " in message for message in messages)


@every_rung
@every_kind
@pytest.mark.parametrize("masked", [False, True])
def test_signals_stay_those_of_their_batch_when_another_is_looked_at(rung, kind, masked):
    network = KINDS[kind](rung, SequenceShape(4, 5))
    (values, signals), (others, _) = (checks.numbers(network, count) for count in (20, 7))
    there = np.random.default_rng(0).random((4, 20)) < 0.6
    network.step_mask = there if masked else None
    network.forward(values, training=True)
    network.backward(signals)
    expected = network.signals.copy()
    network.step_mask = ~there[:, :7] if masked else None
    network.forward(others)
    np.testing.assert_array_equal(network.signals, expected)


@every_rung
@every_kind
def test_without_propagation_the_gradients_stay_the_same(rung, kind):
    network = KINDS[kind](rung)
    numbers = checks.numbers(network, 9)
    expected = checks.pass_through(network, *numbers, training=True)
    network.propagates = False
    found = checks.pass_through(network, *numbers, training=True)
    for name in ("outputs", "scale", "shift"):
        assert np.array_equal(found[name], expected[name])


@every_rung
@every_kind
def test_comes_back_from_its_description(rung, kind):
    network = KINDS[kind](rung, dtype="float32", epsilon=0.25)
    described = json.loads(json.dumps(network.to_configuration()))
    again = type(network).from_configuration(described, {}, dtype=np.float32)
    assert not again.parameters.values.any()
    again.parameters.copy_from(network.parameters)
    values, signals = checks.numbers(network, 5)
    expected = checks.pass_through(network, values, signals)
    checks.assert_close(checks.pass_through(again, values, signals), expected, 0)
    with pytest.raises(ValueError, match="_normalisation: unknown field more"):
        type(network).from_configuration({**described, "more": 1}, {})


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (partial(batch, momentum=1.5), "batch_normalisation: momentum 1.5 must be in"),
        (partial(batch, momentum=float("nan")), "momentum nan must be in"),
        (partial(batch, epsilon=0.0), "batch_normalisation: epsilon 0.0 must be a finite number above 0"),
        (partial(batch, epsilon=np.inf), "epsilon inf must be a finite number above 0"),
        (partial(layer, epsilon=-1.0), "layer_normalisation: epsilon -1.0 must be a finite number above 0"),
        (partial(layer, axes="al"), "unknown axes 'al'; did you mean all"),
    ],
)
def test_options_out_of_range_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build("plain")
