"""Activations at the edge of the numbers, infinite, largest, smallest and NaN, are the same on every rung."""

from functools import partial

import numpy as np
import pytest

from networks.base.family import RUNGS
from networks.base.layer_families import LAYERS
from networks.base.weightless_families import WEIGHTLESS
from nn.graph import Graph
from nn.kernels.core.activations import activate, multiply_by_derivative
from nn.shape import SequenceShape, Shape, VideoShape
from tests.nn.test_activations import EVERY
from tests.support.torch_activations import torch_peer

pytestmark = pytest.mark.usefixtures("one_thread")

every_activation = pytest.mark.parametrize("activation", EVERY, ids=repr)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
every_rung = pytest.mark.parametrize("rung", RUNGS)
ONE = Shape(1, 1, 1)
LIMITS = {
    "identity": ((-np.inf, 1), (np.inf, 1)),
    "relu": ((0, 0), (np.inf, 1)),
    "elu": ((-1, 0), (np.inf, 1)),
    "softplus": ((0, 0), (np.inf, 1)),
    "tanh": ((-1, 0), (1, 0)),
    "sigmoid": ((0, 0), (1, 0)),
    "hard_sigmoid": ((0, 0), (1, 0)),
}
"""Value and slope at minus and plus infinity; for those with a leakage, see `limits`."""


def limits(activation):
    leakage = activation.slope
    if activation.name == "leaky_relu":
        return (-np.inf if leakage else 0, leakage), (np.inf, 1)
    if activation.name == "squash":
        return (-np.inf if leakage else -1, leakage), (np.inf if leakage else 1, leakage)
    return LIMITS[activation.name]


def edges(dtype):
    """Sums at the edge, and some in the middle."""
    numbers = np.finfo(dtype)
    sizes = [np.inf, numbers.max, 1e30, 100, 16, 1, 0, numbers.tiny, numbers.tiny / 8]
    return np.array([*sizes, *(-np.array(sizes)), numbers.smallest_subnormal, np.nan], dtype)


def graph(kind, activation, dtype):
    wiring = Graph()
    source = wiring.input_layer(ONE)
    target = wiring.add_neuron(activation)
    wiring.connect(wiring.neuron(source.first), target, 1.0)
    wiring.set_output([target])
    return kind(wiring, dtype=dtype)


def layer(family, rung, activation, dtype):
    """A network that only applies an activation."""
    kind = {**LAYERS, **WEIGHTLESS}[family].rungs[rung]
    options = {"activation": activation, "dtype": dtype}
    if family == "activation":
        return kind(ONE, **options)
    if family == "graph":
        return graph(kind, activation, dtype)
    build = partial(kind, ONE, generator=np.random.default_rng(0), **options)
    network = {
        "dense": partial(build, output_shape=ONE),
        "convolution": partial(build, channels=1, kernel=1),
        "local": partial(build, input_block=1, window=1, output_block=1, channels=1),
    }[family]()
    network.parameters["weights"][...] = 1
    return network


def assert_same(found, expected, dtype):
    """Equal but for rounding, and for what float32 flushes to zero."""
    rounding = 1e-6 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(found, expected, rtol=rounding, atol=float(np.finfo(dtype).tiny) * 1.001)


@every_activation
@every_dtype
def test_the_infinities_are_the_limits(activation, dtype):
    values = activation(np.array([-np.inf, np.inf], dtype))
    slopes = activation.derivative(values)
    for found, (value, slope) in zip(zip(values, slopes, strict=True), limits(activation), strict=True):
        assert found[0] == value
        assert found[1] == np.dtype(dtype).type(slope)


@every_activation
@every_dtype
def test_kernels_give_the_same_at_every_edge(activation, dtype):
    sums = edges(dtype)
    expected = activation(sums)
    values, deltas = sums.copy(), np.empty_like(sums)
    slope = values.dtype.type(activation.slope)
    activate(activation.code, slope, values)
    multiply_by_derivative(activation.code, slope, expected, np.ones_like(sums), deltas)
    assert_same(values, expected, dtype)
    steep = activation.derivative(expected)
    known = ~np.isnan(sums)
    np.testing.assert_allclose(deltas[known], steep[known], rtol=1e-5, atol=3e-7)
    assert values[[9, 0]].tolist() == [value for value, _ in limits(activation)]  # to the bit
    small = np.abs(sums) < 1e-30
    if activation.name in ("identity", "tanh", "elu", "squash"):
        np.testing.assert_allclose(values[small], sums[small], rtol=1e-6, atol=0)


@every_rung
@every_dtype
@pytest.mark.parametrize("family", ["activation", "dense", "convolution", "local", "graph"])
@every_activation
def test_every_rung_gives_the_same_at_every_edge(family, rung, dtype, activation):
    sums = edges(dtype)
    network = layer(family, rung, activation, dtype)
    values = network.forward(sums.reshape(1, 1, 1, -1), training=True).ravel().copy()
    assert_same(values, activation(sums), dtype)
    known = ~np.isnan(sums)
    with np.errstate(invalid="ignore"):  # the gradient of the weight is zero times infinity
        signals = network.backward(np.ones((*network.output_shape, sums.size), dtype)).ravel()
    steep = activation.derivative(activation(sums))
    np.testing.assert_allclose(signals[known], steep[known], rtol=1e-5, atol=3e-7)


@every_activation
@every_dtype
def test_torch_gives_the_same_at_every_edge(activation, dtype):
    torch = pytest.importorskip("torch")
    if (activation.name, bool(activation.slope)) in (("squash", True), ("leaky_relu", False)):
        pytest.skip("torch has no such function: its is NaN at an infinity")
    sums = edges(dtype)
    inputs = torch.tensor(sums, requires_grad=True)
    expected = torch_peer(torch, activation)(inputs)
    expected.sum().backward()
    values, known = activation(sums), ~np.isnan(sums)
    assert_same(values, expected.detach().numpy(), dtype)
    slopes = activation.derivative(values)[known]
    np.testing.assert_allclose(slopes, inputs.grad.numpy()[known], rtol=1e-5, atol=3e-7)


@every_rung
@every_dtype
@pytest.mark.parametrize("family", ["lstm", "gru", "convolutional_lstm"])
def test_gates_that_are_wide_open_or_shut_are_the_same_on_every_rung(family, rung, dtype):
    """Even for sums of the largest floats the slope is zero, so gradients do not multiply them."""
    largest = float(np.finfo(dtype).max)
    numbers = np.array([largest / 4, -largest / 4, 1e30, -1e30, 300, -300, 1, 0], dtype)
    networks = []
    for each in (rung, "plain"):
        kind, draws = LAYERS[family].rungs[each], np.random.default_rng(1)
        if family == "convolutional_lstm":
            network = kind(VideoShape(3, 2, 2, 1), channels=2, kernel=1, generator=draws, dtype=dtype)
        else:
            network = kind(SequenceShape(3, 1), units=2, generator=draws, dtype=dtype)
        networks.append(network)
    values = np.random.default_rng(0).choice(numbers, (*networks[0].input_shape, 16))
    found = []
    for network in networks:
        outputs = network.forward(values).copy()
        signals = network.backward(np.ones_like(outputs)).copy()
        found.append((outputs, signals, network.parameters.gradients))
    for own, plain in zip(*found, strict=True):
        tolerance = LAYERS[family].tolerance[dtype]
        np.testing.assert_allclose(own, plain, rtol=0, atol=tolerance * np.abs(plain).max())
