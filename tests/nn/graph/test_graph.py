"""Graphs built by hand: inputs and outputs, sharing, cycles, finishing, copies."""

import numpy as np
import pytest

from networks.graph import GraphNetwork
from nn.activations import Identity, ReLU, Tanh
from nn.graph import Graph
from nn.graph.levels import CycleError
from nn.shape import Shape


def chain(length=3):
    """An input and sums one after another."""
    graph = Graph()
    neurons = [graph.add_input()]
    for _ in range(length - 1):
        neurons.append(graph.add_neuron(Identity(), bias=None))
        graph.connect(neurons[-2], neurons[-1], 0.5)
    graph.set_output(neurons[-1:])
    return graph, neurons


def test_biases_are_owned_shared_or_absent():
    graph = Graph()
    own, none = graph.add_neuron(ReLU(), bias=1.5), graph.add_neuron(ReLU(), bias=None)
    sharing = graph.add_neuron(Tanh(), bias_of=own)
    assert graph.bias_of.tolist() == [0, -1, 0]
    sharing.bias = 3
    assert own.bias == 3
    with pytest.raises(ValueError, match="neuron 1 has no bias to share"):
        graph.add_neuron(ReLU(), bias_of=none)
    assert graph.neuron_count == 3


def test_equal_activations_are_kept_once():
    graph = Graph()
    for activation in (Tanh(), ReLU(), Tanh()):
        graph.add_neuron(activation)
    assert graph.activations == [Tanh(), ReLU()]
    assert graph.activation_of.tolist() == [0, 1, 0]


def test_a_name_is_no_activation():
    graph, _ = chain()
    with pytest.raises(ValueError, match=r"'tanh' is not an activation: give one, such as Tanh\(\)"):
        graph.add_neuron("tanh")
    assert graph.neuron_count == 3


def test_connections_are_refused_before_anything_is_added():
    graph, (first, second, _) = chain()
    other, _ = chain()
    weight = other.weight(0)
    for arguments, message in [
        ((second, first, 1.0), "neuron 0 is an input"),
        ((first, other.neuron(1), 1.0), "belongs to another graph"),
        ((other.neuron(0), second, 1.0), "belongs to another graph"),
        ((first, second, weight), "belongs to another graph"),
        ((first, second, float("nan")), "a weight starts at NaN"),
        ((first, second, np.inf), "a weight starts at NaN or infinity"),
        ((first, second, "a"), "or at no number"),
        ((0, second, 1.0), r"0 is not a neuron: give a handle, such as graph\.neuron\(0\)"),
        ((first, 1, 1.0), "1 is not a neuron"),
    ]:
        with pytest.raises(ValueError, match=message):
            graph.connect(*arguments)
    for delay in (-1, 0.5):
        with pytest.raises(ValueError, match=f"delay {delay}: give whole steps; a connection cannot read"):
            graph.connect(first, second, 1.0, delay=delay)
    assert graph.connection_count == 2
    assert len(graph.weights) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 3], [1, 1], 0), "source 3: the graph has 3 neurons"),
        (([0, 0], [1, -1], 0), "target -1: the graph has 3 neurons"),
        (([0, 0], [1, 2], [0, 2]), r"a weight number is outside -1 .. 1"),
        (([0, 0], [1], 0), "2 sources, but 1 targets"),
        (([1], [0], 0), "neuron 0 is an input"),
    ],
)
def test_arrays_of_connections_are_refused_as_a_whole(arguments, message):
    graph, _ = chain()
    with pytest.raises(ValueError, match=message):
        graph.add_connections(*arguments)
    assert graph.connection_count == 2


def test_handles_of_a_network_do_not_build():
    graph, (first, second, _) = chain()
    network = GraphNetwork(graph)
    fresh = graph.copy()
    with pytest.raises(ValueError, match="belongs to another graph or to a network"):
        fresh.connect(network.neuron(0), fresh.neuron(1), 1.0)
    assert (first, second) == (graph.neuron(0), graph.neuron(1))


def test_inputs_and_outputs_have_the_shape_of_their_layer():
    graph = Graph()
    image = graph.input_layer(Shape(2, 3, 1))
    code = graph.dense(image, Shape(1, 2, 2), generator=np.random.default_rng(0))
    graph.set_output(code)
    assert graph.input_shape == Shape(2, 3, 1)
    assert graph.output_shape == Shape(1, 2, 2)
    graph.set_output([graph.neuron(index) for index in code.neurons])
    assert graph.output_shape == Shape(1, 2, 2)
    graph.set_output([graph.neuron(index) for index in reversed(code.neurons)])
    assert graph.output_shape == Shape(1, 1, 4)
    assert graph.outputs.tolist() == [9, 8, 7, 6]
    graph.add_input()
    assert graph.input_shape == Shape(1, 1, 7)


def test_outputs_that_are_none_twice_or_foreign_are_refused():
    graph, neurons = chain()
    for outputs in ([], [neurons[1], neurons[1]]):
        with pytest.raises(ValueError, match="output neurons"):
            graph.set_output(outputs)
    with pytest.raises(ValueError, match="belongs to another graph"):
        graph.set_output([chain()[0].neuron(1)])
    with pytest.raises(ValueError, match="1 is not a neuron"):
        graph.set_output([1])
    with pytest.raises(ValueError, match="is neither a layer nor a list of neurons"):
        graph.set_output(neurons[1])
    assert graph.outputs.tolist() == [2]


def test_cycle_without_delay_is_named_and_a_delay_breaks_it():
    graph = Graph()
    image = graph.input_layer(Shape(1, 1, 1), "image")
    hidden = graph.dense(image, Shape(1, 1, 2), name="hidden", generator=np.random.default_rng(0))
    extra = graph.add_neuron(Tanh())
    graph.connect(graph.neuron(hidden.first + 1), extra, 1.0)
    graph.set_output([extra])
    looped = graph.copy()
    looped.connect(looped.neuron(3), looped.neuron(2), 1.0)
    with pytest.raises(CycleError, match=r"neuron 2 \(hidden 0, 0, 1\) -> neuron 3 -> neuron 2") as caught:
        GraphNetwork(looped)
    assert caught.value.neurons == [2, 3]
    graph.connect(extra, graph.neuron(2), 1.0, delay=1)
    assert graph.levels.neurons.tolist() == [0, 1, 2, 3]


def test_what_was_found_is_found_again_after_a_change():
    graph, (first, _, last) = chain()
    assert len(graph.levels.starts) == 4
    assert len(last.incoming) == 1
    added = graph.add_neuron(Identity())
    graph.connect(first, last, 1.0)
    graph.connect(last, added, 1.0)
    assert len(graph.levels.starts) == 5
    assert [connection.index for connection in last.incoming] == [1, 2]
    assert graph.neuron(0).outgoing[-1].target == last


def test_finished_graph_refuses_every_change_and_its_copy_takes_them():
    graph, (first, second, _) = chain()
    GraphNetwork(graph)
    for change in (
        graph.add_input,
        graph.add_product,
        lambda: graph.add_neuron(Tanh()),
        lambda: graph.connect(first, second, None),
        lambda: graph.input_layer(Shape(1, 1, 1)),
        lambda: graph.set_output([second]),
    ):
        with pytest.raises(ValueError, match=r"change a copy\(\) of it"):
            change()
    copy = graph.copy()
    copy.connect(copy.neuron(0), copy.neuron(2), 1.0)
    assert (graph.connection_count, copy.connection_count) == (2, 3)
    assert copy.outputs.tolist() == graph.outputs.tolist()


def test_graph_that_cannot_finish_can_still_be_mended():
    graph, (first, second, third) = chain()
    graph.connect(third, second, 1.0)
    with pytest.raises(CycleError):
        GraphNetwork(graph)
    graph.connect(first, third, 1.0)
    assert graph.connection_count == 4


def test_layers_are_found_by_name_and_neuron():
    graph = Graph()
    alone = graph.add_input()
    image = graph.input_layer(Shape(1, 1, 3), "image")
    after = graph.add_input()
    assert graph.layer("image") == image
    assert [graph.layer_of(index) for index in range(5)] == [None, image, image, image, None]
    assert (alone.layer, after.layer) == (None, None)
    with pytest.raises(KeyError, match="no layer 'code'"):
        graph.layer("code")
