"""SpectralNormalisation: against torch's, the largest singular value, and central differences."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES, network_from_configuration
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from nn.activations import Tanh
from nn.initializers import BiasInitializer, Uniform, Zeros
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.rung_checks import every_dtype, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

TOLERANCE = {"float32": 3e-5, "float64": 1e-11}
KINDS = ("dense", "convolution", "transposed_convolution")

every_kind = pytest.mark.parametrize("kind", KINDS)

counts = st.integers(1, 6)
several = st.integers(2, 6)  # a single weight is one or minus one: nothing to compare
histories = st.integers(1, 20)


def build(kind="dense", rung="plain", inputs=3, outputs=4, dtype="float64", **options):
    layer = {
        "activation": Tanh(),
        "initializer": options.pop("initializer", Uniform(1.0)),
        "bias": BiasInitializer(spread=0.5),
        "generator": np.random.default_rng(2),
        "dtype": dtype,
    }
    if kind == "dense":
        network = FAMILIES[kind].rungs[rung](Shape(1, 1, inputs), Shape(1, 1, outputs), **layer)
    else:
        windows = {"channels": outputs, "kernel": (2, 3), "stride": (2, 1), "padding": 1}
        network = FAMILIES[kind].rungs[rung](Shape(3, 4, inputs), **windows, **layer)
    options = {"axis": -1 if kind == "transposed_convolution" else 0, **options}
    return SpectralNormalisation(network.input_shape, network, generator=np.random.default_rng(5), **options)


def matrix(network, weights):
    turned = np.moveaxis(weights, network.axis, 0)
    return turned.reshape(len(turned), -1)


@every_rung
@every_kind
@given(inputs=counts, outputs=counts, histories=histories)
def test_gradients(rung, kind, inputs, outputs, histories):
    """Outside training the vectors stay constant, as the gradient assumes."""
    checks.check_gradients(build(kind, rung, inputs, outputs), histories)


@every_dtype
@every_kind
@given(inputs=several, outputs=counts, histories=histories, iterations=st.integers(1, 3))
def test_torch_gives_the_same(dtype, kind, inputs, outputs, histories, iterations):
    """Steps in training and one outside, with weights that change in between."""
    torch = pytest.importorskip("torch")
    network = build(kind, "o2", inputs, outputs, dtype, iterations=iterations)
    module, to_torch, from_torch = torch_layer(torch, kind, network, dtype)
    values, signals = checks.numbers(network, histories)
    for training in (True, True, False):
        module.train(training)
        module.zero_grad()
        given = torch.tensor(np.moveaxis(values, (2, 3), (1, 0)).copy(), requires_grad=True)
        result = torch.tanh(module(given if kind != "dense" else given[..., 0, 0]))
        sent = torch.tensor(np.moveaxis(signals, (2, 3), (1, 0)).copy())
        result.backward(sent.reshape(result.shape))
        original = module.parametrizations.weight.original
        expected = {
            "outputs": np.moveaxis(result.detach().numpy().reshape(sent.shape), (1, 0), (2, 3)),
            "input signals": np.moveaxis(given.grad.numpy(), (1, 0), (2, 3)),
            # in one: the gradient of a single bias may cancel to almost nothing
            "gradients": np.append(from_torch(original.grad.numpy()), module.bias.grad.numpy()),
        }
        found = checks.pass_through(network, values, signals, training)
        found["gradients"] = np.append(found.pop("network.weights"), found.pop("network.biases"))
        checks.assert_close(found, expected, TOLERANCE[dtype])
        network.parameters["network.weights"][:] *= network.dtype.type(1.5)
        network.parameters["network.weights"].flat[0] += 1
        with torch.no_grad():
            original.copy_(torch.tensor(to_torch(network.parameters["network.weights"])))


def torch_layer(torch, kind, network, dtype):
    """Return torch's layer with the same parameters and vectors, and how to convert weights there and back.

    Its convolutions have the kernel's axes last, so the rest of the matrix is in another order.
    """
    inner, options = network.network, {"dtype": getattr(torch, dtype)}
    channels = inner.input_shape.channels, inner.output_shape.channels
    windows = {"kernel_size": (2, 3), "stride": (2, 1), "padding": 1}
    module = {
        "dense": lambda: torch.nn.Linear(*channels, **options),
        "convolution": lambda: torch.nn.Conv2d(*channels, **windows, **options),
        "transposed_convolution": lambda: torch.nn.ConvTranspose2d(*channels, **windows, **options),
    }[kind]()

    def to_torch(weights):
        return weights.copy() if kind == "dense" else np.moveaxis(weights, 3, 1).copy()

    def from_torch(weights):
        return weights if kind == "dense" else np.moveaxis(weights, 1, 3)

    with torch.no_grad():
        module.weight.copy_(torch.tensor(to_torch(network.parameters["network.weights"])))
        module.bias.copy_(torch.tensor(network.parameters["network.biases"]))
    torch.nn.utils.parametrizations.spectral_norm(module, n_power_iterations=network.iterations)
    vectors = module.parametrizations.weight[0]
    right = network.state()["right"]
    shape = np.moveaxis(network.parameters["network.weights"], network.axis, 0).shape[1:]
    if kind == "convolution":
        right = np.moveaxis(right.reshape(shape), 2, 0).ravel()
    vectors._u.copy_(torch.tensor(network.state()["left"]))
    vectors._v.copy_(torch.tensor(right.copy()))
    return module, to_torch, from_torch


@every_rung
@every_dtype
@every_kind
def test_the_largest_singular_value_becomes_one(rung, dtype, kind):
    network = build(kind, rung, dtype=dtype, iterations=20)
    values, _ = checks.numbers(network, 4)
    for _ in range(10):
        network.forward(values, training=True)
    raw = matrix(network, network.parameters["network.weights"])
    used = matrix(network, network.network.parameters["weights"])
    assert np.linalg.norm(raw, 2) > 1.2
    assert np.linalg.norm(used, 2) == pytest.approx(1, rel=1e-4)
    left, right = network.state().values()
    assert np.linalg.norm(left) == pytest.approx(1)
    assert left @ raw @ right == pytest.approx(np.linalg.norm(raw, 2), rel=1e-4)


@every_rung
@every_dtype
def test_learning_rate_descends_along_the_gradient(rung, dtype):
    checks.check_learning_rate(
        lambda rung, dtype: build("dense", rung, dtype=dtype), rung, dtype, 7, TOLERANCE[dtype]
    )


@every_rung
@every_kind
def test_gradients_add_up_and_batches_come_in_any_size(rung, kind):
    checks.check_gradients_add_up(build(kind, rung), 5, TOLERANCE["float64"])
    checks.check_number_of_histories(build(kind, rung), TOLERANCE["float64"])


@every_kind
def test_outside_training_the_vectors_stay(kind):
    network = build(kind)
    values, _ = checks.numbers(network, 4)
    before = {name: array.copy() for name, array in network.state().items()}
    network.parameters["network.weights"].flat[0] += 3
    network.forward(values)
    checks.assert_close(network.state(), before, 0)
    network.forward(values, training=True)
    assert not np.array_equal(network.state()["left"], before["left"])


def test_weights_of_zero_stay_zero_and_lose_no_direction():
    network = build(initializer=Zeros())
    values, _ = checks.numbers(network, 4)
    outputs = network.forward(values, training=True)
    expected = np.tanh(network.parameters["network.biases"])
    assert np.allclose(outputs[0, 0], expected[:, None])
    assert np.linalg.norm(network.state()["left"]) == pytest.approx(1)


@every_kind
def test_nan_is_not_hidden(kind):
    checks.check_nan_is_not_hidden(build(kind))
    network = build(kind)
    network.parameters["network.weights"].flat[0] = np.nan
    values, _ = checks.numbers(network, 4)
    assert np.isnan(network.forward(values, training=True)).all()
    assert np.isfinite(network.state()["left"]).all()


def test_what_does_not_fit_is_refused():
    assert len(checks.check_wrong_input(build()).splitlines()) == 9


def test_frozen_parameters_stay_frozen():
    layer = build().network
    layer = type(layer)(Shape(1, 1, 2), Shape(1, 1, 2), generator=np.random.default_rng(0))
    layer.parameters.freeze("biases")
    network = SpectralNormalisation(layer.input_shape, layer, generator=np.random.default_rng(0))
    assert network.parameters.frozen == ["network.biases"]
    stack = Sequential([network])
    assert stack.parameters.frozen == ["0.network.biases"]
    assert stack.leaves == {"0.network": layer}


@every_rung
@every_kind
def test_comes_back_from_its_description(rung, kind):
    network = build(kind, rung, dtype="float32", iterations=2)
    values, signals = checks.numbers(network, 5)
    network.forward(values, training=True)
    described = json.loads(json.dumps(network.to_configuration()))
    again = network_from_configuration(described, network.structure(), rung_name=rung)
    assert not again.parameters.values.any()
    again.parameters.copy_from(network.parameters)
    again.load_state(network.state())
    for training in (False, True):
        expected = checks.pass_through(network, values, signals, training)
        checks.assert_close(checks.pass_through(again, values, signals, training), expected, 0)


def test_a_state_that_does_not_fit_changes_nothing():
    network = build()
    state = {name: array.copy() for name, array in network.state().items()}
    for wrong, message in (
        ({"left": state["left"]}, "state right is nothing"),
        ({**state, "right": np.zeros(9)}, r"state right is float64 \(9,\), expected float64 \(3,\)"),
        ({**state, "network.means": np.zeros(3)}, r"state network.means is float64 \(3,\), expected nothing"),
    ):
        with pytest.raises(ValueError, match=message):
            network.load_state(wrong)
    network.load_state({})
    checks.assert_close(network.state(), state, 0)


def test_what_it_cannot_wrap_is_refused():
    generator = np.random.default_rng(0)
    dropout = FAMILIES["dropout"].rungs["plain"](Shape(1, 1, 2), rate=0.5, generator=generator)
    with pytest.raises(
        ValueError, match=r"network \(dropout\) has no parameters called weights; it has none"
    ):
        SpectralNormalisation(dropout.input_shape, dropout, generator=generator)
    for options in ({"iterations": 0}, {"axis": 2}, {"axis": -3}):
        with pytest.raises(ValueError, match="must be at least 1, axis"):
            build(**options)


def test_it_can_reach_what_the_network_can():
    network = build()
    assert network.output_range() == (-1, 1)
    assert network.connections == 12
    network.propagates = False
    assert not network.network.propagates
    assert network.labels is None
