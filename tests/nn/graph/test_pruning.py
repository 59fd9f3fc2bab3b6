"""Graphs without some of their neurons and connections, compared with graphs that never had them."""

import numpy as np
import pytest
from hypothesis import given

from networks.ladder import FAMILIES
from nn.activations import Identity, Tanh
from nn.graph import Graph, Kind
from nn.shape import Shape
from tests.support import graph_networks as graphs

RUNGS = FAMILIES["graph"].rungs


def built_without(graph, neurons, connections):
    """Build the rest of a graph one neuron and one connection at a time."""
    rest, made, weights, biased = Graph(), {}, {}, {}
    for neuron in graph.neurons():
        if neuron.index in neurons:
            continue
        bias = int(graph.bias_of[neuron.index])
        if neuron.kind is Kind.INPUT:
            made[neuron.index] = rest.add_input()
        elif neuron.kind is Kind.PRODUCT:
            made[neuron.index] = rest.add_product(neuron.activation)
        elif bias in biased:
            made[neuron.index] = rest.add_neuron(neuron.activation, bias_of=biased[bias])
        else:
            made[neuron.index] = rest.add_neuron(neuron.activation, bias=neuron.bias)
            biased |= {} if bias < 0 else {bias: made[neuron.index]}
    for index in range(graph.connection_count):
        connection = graph.connection(index)
        ends = connection.source.index, connection.target.index
        if index in connections or set(ends) & neurons:
            continue
        weight = connection.weight
        given = None if weight is None else weights.get(weight.index, weight.value)
        new = rest.connect(*(made[end] for end in ends), given, delay=connection.delay)
        if weight is not None:
            weights[weight.index] = new.weight
    rest.set_output([made[index] for index in graph.outputs])
    return rest


def pick(graph, seed):
    """Choose inner neurons and connections at random."""
    generator = np.random.default_rng(seed)
    ends = {*graph.inputs.tolist(), *graph.outputs.tolist()}
    inner = [index for index in range(graph.neuron_count) if index not in ends]
    neurons = generator.permutation(inner)[: generator.integers(0, len(inner) + 1)].tolist()
    count = generator.integers(0, graph.connection_count + 1)
    return set(neurons), set(generator.permutation(graph.connection_count)[:count].tolist())


@given(seed=graphs.seeds)
def test_the_rest_is_what_it_would_be_without_them(seed):
    graph = graphs.random_graph(seed)
    neurons, connections = pick(graph, seed)
    rest, expected = graph.without(neurons, connections), built_without(graph, neurons, connections)
    assert rest.neuron_count == expected.neuron_count
    assert [repr(each) for each in rest.neurons()] == [repr(each) for each in expected.neurons()]
    for one, other in zip(rest.neurons(), expected.neurons(), strict=True):
        assert (one.bias, one.kind, one.activation) == (other.bias, other.kind, other.activation)
    assert rest.connection_count == expected.connection_count
    for index in range(rest.connection_count):
        one, other = rest.connection(index), expected.connection(index)
        assert repr(one) == repr(other)
        shared = [
            [] if each.weight is None else [c.index for c in each.weight.connections] for each in (one, other)
        ]
        assert shared[0] == shared[1]
    assert rest.outputs.tolist() == expected.outputs.tolist()
    assert len(rest.weights) - len(expected.weights) == unused(graph.weight_of, len(graph.weights))
    assert len(rest.biases) - len(expected.biases) == unused(graph.bias_of, len(graph.biases))


def unused(numbers, count):
    """Return how many parameters nothing carried from the start; these stay."""
    return count - len(np.unique(numbers[numbers >= 0]))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("seed", [1, 5, 8])
def test_networks_of_the_rest_go_on_with_what_was_learned(rung, seed):
    graph = graphs.random_graph(seed)
    network = RUNGS[rung](graph, ticks=2, dtype=np.float64)
    inputs = graphs.histories(network.input_shape, entries=5)
    signals = graphs.histories(network.output_shape, entries=5, seed=2)
    for _ in range(3):
        network.forward(inputs)
        network.backward(signals, 0.01)
    learned = network.learned_graph()
    assert np.array_equal(learned.weights, network.weights)
    assert np.array_equal(learned.biases, network.biases)
    neurons, connections = pick(graph, seed)
    rest = RUNGS[rung](learned.without(neurons, connections), ticks=2, dtype=np.float64)
    expected = RUNGS["plain"](built_without(learned, neurons, connections), ticks=2, dtype=np.float64)
    np.testing.assert_allclose(rest.forward(inputs), expected.forward(inputs), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(rest.backward(signals), expected.backward(signals), rtol=1e-12, atol=1e-12)
    loss = [float((rest.forward(inputs) ** 2).sum())]
    rest.backward(2 * rest.forward(inputs), 1e-4)
    assert float((rest.forward(inputs) ** 2).sum()) <= loss[0]


def small():
    """An image, a layer that shares weights, a product, a delay, and an output."""
    graph = Graph()
    image = graph.input_layer(Shape(2, 2, 1), "image")
    hidden = graph.dense(
        image, Shape(1, 1, 3), activation=Tanh(), name="hidden", generator=np.random.default_rng(0)
    )
    code = graph.dense(hidden, Shape(1, 1, 2), name="code", generator=np.random.default_rng(1))
    gate = graph.add_product()
    graph.connect(graph.neuron(hidden.first), gate, None)
    graph.connect(graph.neuron(code.first), gate, 0.5, delay=1)
    graph.set_output(code)
    return graph


def test_handles_numbers_and_masks_choose_the_same():
    graph = small()
    chosen = [graph.connection(index) for index in (0, 5, 13)]
    mask = np.isin(np.arange(graph.connection_count), [0, 5, 13])
    for connections in (chosen, [0, 5, 13], np.array([0, 5, 13]), mask, iter(chosen)):
        rest = graph.without(connections=connections)
        assert rest.connection_count == graph.connection_count - 3
        assert rest.targets.tolist() == np.delete(graph.targets, [0, 5, 13]).tolist()


def test_what_is_left_out_takes_its_parameters_along():
    graph = small()
    rest = graph.without([graph.neuron(graph.layer("hidden").first)])
    assert (rest.neuron_count, rest.connection_count) == (graph.neuron_count - 1, graph.connection_count - 7)
    assert (len(rest.weights), len(rest.biases)) == (len(graph.weights) - 6, len(graph.biases) - 1)
    assert rest.neuron(rest.neuron_count - 1).kind is Kind.PRODUCT


def test_a_layer_that_lost_neurons_is_no_image_any_more():
    graph = small()
    rest = graph.without([graph.layer("hidden").first + 1])
    assert [layer.name for layer in rest.layers] == ["image", "code"]
    assert (rest.layer("code").first, rest.output_shape) == (6, Shape(1, 1, 2))
    assert rest.layer_of(4) is None
    whole = graph.without(graph.layer("hidden").neurons)
    assert [layer.first for layer in whole.layers] == [0, 4]


def test_the_graph_itself_is_as_it_was_and_what_is_left_can_be_changed():
    graph = small()
    before = graph.arrays()
    RUNGS["plain"](graph)  # which finishes it
    rest = graph.without(connections=[0])
    extra = rest.add_neuron(Identity())
    rest.connect(extra, rest.neuron(4), 0.25)
    assert all(np.array_equal(array, before[name]) for name, array in graph.arrays().items())
    with pytest.raises(ValueError, match="a network runs on this graph"):
        graph.add_input()


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"neurons": [0]}, r"neuron 0 \(image 0, 0, 0\) is an input of the graph and cannot be left out"),
        ({"neurons": [7]}, r"neuron 7 \(code 0, 0, 0\) is an output of the graph .* set_output to others"),
        ({"neurons": [10]}, "neuron 10: there are 10, from 0"),
        ({"connections": [-1]}, "connection -1: there are 20, from 0"),
        ({"connections": [True]}, "True is not a connection: give a handle"),
        ({"connections": ["0"]}, "'0' is not a connection"),
        ({"connections": 3}, "3 is not a list of connections"),
        ({"connections": "ab"}, "'ab' is not a list of connections"),
        ({"connections": np.ones(3, bool)}, r"a mask of shape \(3,\) for 20 connections"),
        ({"connections": np.ones(3)}, r"connections by an array of float64 \(3,\): give whole numbers"),
        ({"neurons": [small().neuron(4)]}, "belongs to another graph or to a network"),
    ],
)
def test_what_cannot_be_left_out_is_named(chosen, message):
    with pytest.raises(ValueError, match=message):
        small().without(**chosen)
