"""Clamped neurons of a stack: what is shown, what flows on, and that no signal flows back."""

from functools import partial

import numpy as np
import pytest

from networks.base.clamping import Clamp
from networks.ladder import FAMILIES
from networks.reshape import Flatten
from networks.sequential import Sequential
from nn.activations import Tanh
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support.clamped_neurons import check_clamped_gradients
from tests.support.rung_checks import every_dtype, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

IMAGE, SMALL, CODE = Shape(4, 4, 1), Shape(2, 2, 2), Shape(1, 1, 3)
CLAMPED = {"shrink": {1: 0.5, 6: -2.0}, "code": {2: 0.25}, "grow": {7: 3.0}}
HISTORIES = 5


def build(rung="plain", dtype="float64"):
    """Return windows that condense, a code, a layer out of it and windows that expand."""
    dense, local, convolution = (FAMILIES[each].rungs[rung] for each in ("dense", "local", "convolution"))
    options = {"generator": np.random.default_rng(0), "dtype": dtype, "activation": Tanh()}
    return Sequential(
        {
            "shrink": local(IMAGE, input_block=2, window=4, output_block=1, channels=2, **options),
            "code": dense(SMALL, CODE, **options),
            "out": dense(CODE, SMALL, **options),
            "grow": local(SMALL, input_block=1, window=3, output_block=2, channels=1, **options),
            "blur": convolution(IMAGE, channels=1, kernel=3, padding=1, **options),
        }
    )


def clamp(network, clamped=CLAMPED):
    for name, neurons in clamped.items():
        network.clamp(name, neurons)
    return network


def rows(values):
    """Return values (..., N) as one row for each neuron."""
    return values.reshape(-1, values.shape[-1])


@every_rung
@every_dtype
@pytest.mark.parametrize("histories", [1, 16, HISTORIES])
def test_clamped_neurons_have_their_values_and_zero_signals_for_every_history(rung, dtype, histories):
    network = clamp(build(rung, dtype))
    values, signals = checks.numbers(network, histories)
    network.forward(values)
    network.backward(signals)
    for name, layer in network.named.items():
        clamped = CLAMPED.get(name, {})
        assert set(np.flatnonzero((rows(layer.signals) == 0).all(axis=1))) == set(clamped)
        for neuron, value in clamped.items():
            assert (rows(layer.values)[neuron] == np.dtype(dtype).type(value)).all()
            assert rows(layer.values).shape[1] == histories


@every_rung
def test_the_layers_above_see_the_clamped_values(rung):
    network = clamp(build(rung), {"code": {0: 0.5, 1: -0.5, 2: 0.1}})
    values, _ = checks.numbers(network, HISTORIES)
    found = network.forward(values)
    above = build(rung)
    code = np.tile(np.array([0.5, -0.5, 0.1])[:, None], HISTORIES).reshape(*CODE, HISTORIES)
    for name in ("out", "grow", "blur"):
        code = above.named[name].forward(code)
    np.testing.assert_allclose(found, code, rtol=1e-12)
    assert np.ptp(found, axis=-1).max() < 1e-12


@every_rung
@pytest.mark.parametrize("name", [*CLAMPED, "blur"])
def test_gradients(rung, name):
    network = clamp(build(rung), {name: {0: 0.3, 2: -0.7}})
    inputs, _ = checks.numbers(network, 2)
    gradients = check_clamped_gradients(network, inputs)
    if name != "blur":
        biases = gradients[network.parameters.slice_of(f"{name}.biases")]
        assert np.flatnonzero(biases == 0).tolist() == [0, 2]


@every_rung
def test_a_signal_that_passes_through_would_be_found(rung, monkeypatch):
    network = clamp(build(rung), {"code": {1: 0.3}})
    inputs, _ = checks.numbers(network, 2)
    check_clamped_gradients(network, inputs)
    monkeypatch.setattr(Clamp, "backward", lambda clamped, *arguments: clamped.network.backward(*arguments))
    with pytest.raises(AssertionError, match="Mismatched elements"):
        check_clamped_gradients(network, inputs)


def after_softmax(family, rung, dtype):
    """Return the example of a family behind a layer whose backward uses its outputs, and the example."""
    kind = FAMILIES[family]
    layer = kind.example(kind.rungs[rung], generator=np.random.default_rng(1), dtype=dtype)
    if layer.labels is not None:
        return Sequential({"it": layer}), layer
    before = FAMILIES["softmax"].rungs[rung](layer.input_shape, dtype=dtype)
    return Sequential({"before": before, "it": layer}), layer


@every_rung
@every_dtype
@pytest.mark.parametrize("family", FAMILIES)
def test_backward_of_every_family_is_its_own_with_signals_of_zero(family, rung, dtype):
    """To the bit: overwriting its outputs must not affect what its backward needs."""
    (free, _), (network, layer) = (after_softmax(family, rung, dtype) for _ in range(2))
    places, values = [0, layer.output_shape.size - 1], np.array([[0.5], [-3.0]])
    network.clamp("it", dict(zip(places, values[:, 0].tolist(), strict=True)))
    inputs, signals = checks.numbers(free, 3)
    stopped = signals.copy()
    rows(stopped)[places] = 0
    for training in (False, True):
        outputs = free.forward(inputs, training).copy()
        rows(outputs)[places] = values
        assert np.array_equal(network.forward(inputs, training), outputs)
        assert np.array_equal(network.backward(signals), free.backward(stopped))
        assert np.array_equal(network.parameters.gradients, free.parameters.gradients)
        for name, array in free.state().items():
            assert np.array_equal(network.state()[name], array)


@every_rung
@pytest.mark.parametrize("whole_sequence", [False, True])
def test_a_sequence_that_goes_on_does_so_from_what_was_computed(rung, whole_sequence):
    kind = FAMILIES["lstm"].rungs[rung]
    options = {"units": 2, "stateful": True, "whole_sequence": whole_sequence, "dtype": np.float64}
    make = partial(kind, SequenceShape(3, 2), **options)
    free, network = (Sequential([make(generator=np.random.default_rng(0))]) for _ in range(2))
    network.clamp("0", {1: 9.0})
    for seed in range(3):
        inputs, _ = checks.numbers(free, 3, seed)
        expected = free.forward(inputs).copy()
        rows(expected)[1] = 9
        assert np.array_equal(network.forward(inputs), expected)


def test_inputs_and_signals_that_are_passed_in_stay_as_they_are():
    network = Sequential([Flatten(SMALL, dtype=np.float64)])
    network.clamp("0", {3: 1.0})
    inputs, signals = checks.numbers(network, 2)
    kept = inputs.copy(), signals.copy()
    outputs = network.forward(inputs)
    assert (outputs[0, 0, 3] == 1).all()
    assert not network.backward(signals)[0, 1, 1].any()
    assert np.array_equal(inputs, kept[0])
    assert np.array_equal(signals, kept[1])


@every_rung
@every_dtype
def test_plain_descent_at_once_moves_what_the_gradients_say(rung, dtype):
    by_hand, at_once = (clamp(build(rung, dtype)) for _ in range(2))
    inputs, signals = checks.numbers(by_hand, HISTORIES)
    checks.pass_through(by_hand, inputs, signals)
    parameters = by_hand.parameters
    expected = parameters.values - parameters.dtype.type(0.1) * parameters.gradients
    at_once.forward(inputs)
    at_once.backward(signals, learning_rate=0.1)
    np.testing.assert_allclose(at_once.parameters.values, expected, rtol=1e-5, atol=1e-6)
    still = parameters.gradients == 0
    assert still.any()
    assert np.array_equal(at_once.parameters.values[still], parameters.values[still])


@every_rung
def test_neurons_are_clamped_in_other_places_and_released(rung):
    network, free = build(rung), build(rung)
    inputs, signals = checks.numbers(network, HISTORIES)
    expected = checks.pass_through(free, inputs, signals)
    network.clamp("code", {0: 1.0, 1: 2.0})
    network.forward(inputs)
    network.clamp("code", {np.int64(2): 3})
    assert network.clamped == {"code": {2: 3.0}}
    network.forward(inputs)
    assert (network.named["code"].values[0, 0, 2] == 3).all()
    assert np.ptp(network.named["code"].values[0, 0, :2], axis=-1).all()
    network.clamped["code"].clear()
    assert network.clamped == {"code": {2: 3.0}}
    network.clamp("code", {})
    assert network.clamped == {}
    found = checks.pass_through(network, inputs, signals)
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name


@every_rung
def test_neurons_within_a_stack_of_stacks(rung):
    flat, inner = build(rung, "float64"), clamp(build(rung), {"shrink": {3: 0.5}})
    stack = clamp(Sequential({"whole": inner}), {"whole": {1: -0.5}})
    clamp(flat, {"shrink": {3: 0.5}, "blur": {1: -0.5}})
    inputs, signals = checks.numbers(stack, HISTORIES)
    found, wanted = (checks.pass_through(each, inputs, signals) for each in (stack, flat))
    for name, other in zip(found, wanted, strict=True):
        assert np.array_equal(found[name], wanted[other]), name
    assert (stack.clamped, inner.clamped) == ({"whole": {1: -0.5}}, {"shrink": {3: 0.5}})


def test_the_description_knows_nothing_of_it():
    assert clamp(build()).to_configuration() == build().to_configuration()


@pytest.mark.parametrize(
    ("name", "neurons", "message"),
    [
        ("coda", {0: 1.0}, "no network 'coda'; there are shrink, code, out, grow, blur"),
        ("code", {3: 1.0}, "network code: neuron 3 is none of 0 to 2"),
        ("code", {-1: 1.0}, "neuron -1 is none of"),
        ("code", {"1": 1.0}, "neuron '1' is none of"),
        ("code", {True: 1.0}, "neuron True is none of"),
        ("code", {1: np.nan}, "neuron 1 is clamped to nan, which is not a finite number"),
        ("code", {1: 1e39}, r"neuron 1 is clamped to 1e\+39"),
        ("code", {1: "x"}, "neuron 1 is clamped to 'x'"),
        ("code", [1], r"\[1\] is not a dictionary of neurons"),
    ],
)
def test_what_cannot_be_clamped_is_refused_and_nothing_changes(name, neurons, message):
    network = clamp(build(dtype="float32"))
    with pytest.raises(ValueError, match=f"sequential: .*{message}"):
        network.clamp(name, neurons)
    assert network.clamped == CLAMPED
