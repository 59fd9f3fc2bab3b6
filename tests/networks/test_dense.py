"""Dense: every rung of the ladder against central differences, the plain rung and torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.graph import GraphNetwork
from networks.ladder import FAMILIES
from nn.activations import ELU, Identity, LeakyReLU, Sigmoid, Softplus, Squash, Tanh
from nn.graph import Graph
from nn.initializers import BiasInitializer
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.rung_checks import RungChecks, every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILY = FAMILIES["dense"]
PLAIN = FAMILY.rungs["plain"]

shapes = st.builds(Shape, st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
activations = st.sampled_from(
    [Identity(), LeakyReLU(), LeakyReLU(0.0), ELU(), Softplus(), Tanh(), Sigmoid(), Squash(0.1)]
)
histories = st.integers(1, 40)


def dense(kind, input_shape, output_shape, activation, dtype="float64"):
    return kind(
        input_shape,
        output_shape,
        activation=activation,
        bias=BiasInitializer(spread=0.5),
        generator=np.random.default_rng(2),
        dtype=dtype,
    )


def build(kind, dtype):
    return dense(kind, Shape(3, 5, 2), Shape(1, 19, 1), Tanh(), dtype)


@every_rung
@given(input_shape=shapes, output_shape=shapes, activation=activations, histories=histories)
def test_gradients(rung, input_shape, output_shape, activation, histories):
    checks.check_gradients(dense(FAMILY.rungs[rung], input_shape, output_shape, activation), histories)


@every_faster_rung
@every_dtype
@given(input_shape=shapes, output_shape=shapes, activation=activations, histories=histories)
def test_same_as_plain(rung, dtype, input_shape, output_shape, activation, histories):
    arguments = (input_shape, output_shape, activation, dtype)
    network, plain = dense(FAMILY.rungs[rung], *arguments), dense(PLAIN, *arguments)
    assert np.array_equal(network.parameters.values, plain.parameters.values)
    checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_faster_rung
@every_dtype
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype):
    arguments = (Shape(16, 16, 3), Shape(11, 11, 1), LeakyReLU(), dtype)
    network, plain = dense(FAMILY.rungs[rung], *arguments), dense(PLAIN, *arguments)
    checks.check_same_as_plain(network, plain, 45, FAMILY.tolerance[dtype])


@every_rung
@every_dtype
def test_threads_do_not_change_a_bit(rung, dtype):
    checks.check_threads(dense(FAMILY.rungs[rung], Shape(16, 16, 3), Shape(11, 11, 1), ELU(), dtype), 45)


class TestEveryRung(RungChecks):
    family = FAMILY
    build = staticmethod(build)


@every_rung
@every_dtype
def test_what_does_not_fit_is_refused(rung, dtype):
    messages = checks.check_wrong_input(build(FAMILY.rungs[rung], dtype)).splitlines()
    other = "float64" if dtype == "float32" else "float32"
    assert messages == [
        "dense: signals have 2 histories, the last forward had 0",
        "dense: input values have shape (3, 5, 2, 0), expected (3x5x2, histories)",
        "dense: signals have 1 histories, the last forward had 2",
        "dense: signals have 40 histories, the last forward had 2",
        "dense: input values have shape (2, 5, 2, 2), expected (3x5x2, histories)",
        "dense: input values have shape (3, 5, 2), expected (3x5x2, histories)",
        f"dense: input values are {other}, the network is {dtype}",
        "dense: signals have shape (1, 19, 0, 2), expected (1x19x1, histories)",
        f"dense: signals are {other}, the network is {dtype}",
    ]


def test_only_floats_are_computed_in():
    with pytest.raises(ValueError, match="dtype int32: networks compute in float32 or float64"):
        build(PLAIN, np.int32)


@every_rung
@every_dtype
def test_torch_linear_gives_the_same(rung, dtype):
    torch = pytest.importorskip("torch")
    network = dense(FAMILY.rungs[rung], Shape(3, 4, 2), Shape(1, 1, 9), Tanh(), dtype)
    values, signals = checks.numbers(network, 7)
    linear = torch.nn.Linear(24, 9, dtype=getattr(torch, dtype))
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(network.parameters["weights"]))
        linear.bias.copy_(torch.tensor(network.parameters["biases"]))
    inputs = torch.tensor(values.reshape(24, 7).T.copy(), requires_grad=True)
    outputs = torch.tanh(linear(inputs))
    outputs.backward(torch.tensor(signals.reshape(9, 7).T.copy()))
    expected = {
        "outputs": outputs.detach().numpy().T.reshape(1, 1, 9, 7),
        "input signals": inputs.grad.numpy().T.reshape(3, 4, 2, 7),
        "weights": linear.weight.grad.numpy(),
        "biases": linear.bias.grad.numpy(),
    }
    checks.assert_close(checks.pass_through(network, values, signals), expected, FAMILY.tolerance[dtype])


@every_rung
@given(input_shape=shapes, output_shape=shapes, activation=activations)
def test_a_graph_of_the_same_seed_gives_the_same(rung, input_shape, output_shape, activation):
    network = dense(FAMILY.rungs[rung], input_shape, output_shape, activation)
    graph = Graph()
    options = {"activation": activation, "bias": BiasInitializer(spread=0.5)}
    options["generator"] = np.random.default_rng(2)
    graph.set_output(graph.dense(graph.input_layer(input_shape), output_shape, **options))
    checks.check_same_as_graph(network, GraphNetwork(graph, dtype=np.float64), FAMILY.tolerance["float64"])


@every_rung
def test_sums_by_hand(rung):
    network = dense(FAMILY.rungs[rung], Shape(1, 1, 2), Shape(1, 2, 1), Identity())
    network.parameters["weights"][:] = [[1, 2], [3, 4]]
    network.parameters["biases"][:] = [10, 20]
    outputs = network.forward(np.array([[[[1.0, 0.5], [-1.0, 0.0]]]]))
    assert outputs[0, :, 0].tolist() == [[9, 10.5], [19, 21.5]]
    network.parameters.zero_gradients()
    input_signals = network.backward(np.array([[[[1.0, 0.0]], [[0.0, 2.0]]]]))
    assert input_signals[0, 0].tolist() == [[1, 6], [2, 8]]
    assert network.parameters.gradient("weights").tolist() == [[1, -1], [1, 0]]
    assert network.parameters.gradient("biases").tolist() == [1, 2]


@every_rung
def test_without_propagation_the_gradients_stay_the_same(rung):
    network = build(FAMILY.rungs[rung], "float64")
    values, signals = checks.numbers(network, 9)
    expected = checks.pass_through(network, values, signals)
    network.propagates = False
    found = checks.pass_through(network, values, signals)
    for name in ("outputs", "weights", "biases"):
        assert np.array_equal(found[name], expected[name])


def test_connections_are_weights():
    network = build(PLAIN, "float32")
    assert network.connections == network.parameters["weights"].size == 30 * 19
