"""Handles: what they show and what they edit, in a graph and in a network."""

import numpy as np
import pytest

from networks.graph import GraphNetwork
from nn.activations import Identity, Tanh
from nn.graph import Graph
from nn.graph.neuron import Kind, Layer
from nn.shape import Shape


def small_graph():
    """Two inputs, a sum that shares one weight twice and reads itself, and a product of two."""
    graph = Graph()
    left, right = graph.add_input(), graph.add_input()
    total, product = graph.add_neuron(Tanh(), bias=0.25), graph.add_product()
    shared = graph.connect(left, total, 0.5).weight
    graph.connect(right, total, shared)
    graph.connect(total, total, -1.0, delay=2)
    graph.connect(left, product, None)
    graph.connect(total, product, 2.0)
    graph.set_output([product])
    return graph


def run(network, left, right):
    return float(network.forward(np.array([[[[left], [right]]]]))[0, 0, 0, 0])


def test_neuron_shows_its_kind_activation_bias_and_connections():
    graph = small_graph()
    left, _, total, product = graph.neurons()
    assert [neuron.kind for neuron in graph.neurons()] == [Kind.INPUT, Kind.INPUT, Kind.SUM, Kind.PRODUCT]
    assert total.activation == Tanh()
    assert product.activation == Identity()
    assert (left.bias, total.bias, product.bias) == (None, 0.25, None)
    assert [connection.source.index for connection in total.incoming] == [0, 1, 2]
    assert [connection.target.index for connection in total.outgoing] == [2, 3]
    assert left.incoming == []
    assert [connection.delay for connection in total.incoming] == [0, 0, 2]


def test_weight_is_shared_or_fixed():
    graph = small_graph()
    shared = graph.connection(0).weight
    assert shared == graph.connection(1).weight
    assert [connection.index for connection in shared.connections] == [0, 1]
    assert graph.connection(3).weight is None
    shared.value = 0.75
    assert graph.connection(1).weight.value == 0.75


def test_handles_are_equal_when_owner_and_index_are():
    graph, other = small_graph(), small_graph()
    assert graph.neuron(1) == graph.neuron(1)
    assert graph.neuron(1) != graph.neuron(2)
    assert graph.neuron(1) != other.neuron(1)
    assert graph.neuron(1) != graph.connection(1)
    assert graph.neuron(1) != 1
    assert len({graph.neuron(1), graph.neuron(1), graph.connection(1), graph.weight(1)}) == 3


def test_handles_describe_themselves():
    graph = small_graph()
    layer = graph.dense(
        graph.input_layer(Shape(1, 2, 3), "image"), Shape(1, 1, 1), generator=np.random.default_rng(0)
    )
    assert repr(graph.neuron(2)) == "<neuron 2: sum, tanh>"
    assert repr(graph.neuron(8)) == "<neuron 8 (image 0, 1, 1): input, identity>"
    assert repr(graph.connection(2)) == "<connection 2: neuron 2 -> neuron 2, weight -1, delay 2>"
    assert repr(graph.connection(3)) == "<connection 3: neuron 0 -> neuron 3, weight 1 (fixed)>"
    assert repr(graph.weight(0)) == "<weight 0: 0.5, 2 connections>"
    assert graph.neuron(8).layer == Layer("image", Shape(1, 2, 3), 4)
    assert graph.neuron(8).position == (0, 1, 1)
    assert graph.neuron(2).position is None
    assert graph.neuron(layer.first).position == (0, 0, 0)


def test_layer_finds_the_neuron_at_a_place():
    layer = Layer("image", Shape(2, 3, 4), 100)
    assert layer.index(1, 2, 3) == 123
    assert layer.index(0, 1) == 104
    assert layer.size == len(layer.neurons) == 24
    for place in ((2, 0, 0), (0, 3, 0), (0, 0, 4), (-1, 0, 0)):
        with pytest.raises(IndexError, match="'image' of shape 2x3x4 has no neuron"):
            layer.index(*place)


def test_network_handles_show_live_values_signals_and_gradients():
    network = GraphNetwork(small_graph(), dtype=np.float64)
    value = np.tanh(0.25 + 0.5 * (3 - 1))
    assert run(network, 3.0, -1.0) == pytest.approx(3 * 2 * value)
    network.backward(np.ones((1, 1, 1, 1)))
    total = network.neuron(2)
    assert total.values.shape == total.signals.shape == (1, 1)
    assert total.values[0, 0] == pytest.approx(value)
    assert total.signals[0, 0] == pytest.approx(3 * 2)
    delta = 6 * (1 - value**2)
    assert total.bias_gradient == pytest.approx(delta)
    assert network.neuron(0).bias_gradient is None
    assert network.weight(0).gradient == pytest.approx(delta * (3 - 1))
    assert network.connection(4).weight.gradient == pytest.approx(3 * value)


def test_what_is_written_through_a_network_handle_is_computed_with():
    graph = small_graph()
    network = GraphNetwork(graph, dtype=np.float64)
    network.neuron(2).bias = -0.5
    network.connection(0).weight.value = 0.1
    network.weight(2).value = 5
    assert run(network, 3.0, -1.0) == pytest.approx(3 * 5 * np.tanh(-0.5 + 0.1 * 2))
    assert graph.neuron(2).bias == 0.25
    assert graph.weight(0).value == 0.5


def test_graph_handles_have_no_values():
    graph = small_graph()
    for look in (
        lambda: graph.neuron(2).values,
        lambda: graph.neuron(2).signals,
        lambda: graph.neuron(2).bias_gradient,
        lambda: graph.weight(0).gradient,
    ):
        with pytest.raises(AttributeError, match="take the handle from a network"):
            look()


def test_bias_of_a_neuron_without_one_cannot_be_set():
    with pytest.raises(ValueError, match="neuron 3 has no bias to set"):
        small_graph().neuron(3).bias = 1


@pytest.mark.parametrize("look", ["neuron", "connection", "weight"])
@pytest.mark.parametrize("owner", [small_graph(), GraphNetwork(small_graph())])
def test_handles_outside_are_refused(owner, look):
    for index in (-1, 100):
        with pytest.raises(IndexError, match=f"{look} {index}: there are"):
            getattr(owner, look)(index)
