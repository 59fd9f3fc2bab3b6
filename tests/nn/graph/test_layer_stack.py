"""The layer stack: which layers read which, and how many steps a value takes."""

import numpy as np
import pytest

from networks.graph import GraphNetwork
from nn.activations import Identity, Tanh
from nn.graph import Graph
from nn.initializers import BiasInitializer
from nn.shape import Shape


def build(count=3, **options):
    graph = Graph()
    image = graph.input_layer(Shape(1, 2, 2), "image")
    options = {"generator": np.random.default_rng(0), **options}
    *stack, output = graph.layer_stack(image, Shape(1, 1, 3), count, Shape(1, 1, 2), **options)
    graph.set_output(output)
    return graph, image, stack, output


def read_by(graph, layer):
    """Names of the layers that a layer's neurons are connected from."""
    return {
        graph.layer_of(connection.source.index).name
        for index in layer.neurons
        for connection in graph.neuron(index).incoming
    }


def test_layers_read_the_source_the_output_their_neighbours_and_themselves():
    graph, _, stack, output = build(count=4)
    assert [layer.name for layer in [*stack, output]] == [
        "stack 0",
        "stack 1",
        "stack 2",
        "stack 3",
        "stack output",
    ]
    for z, layer in enumerate(stack):
        neighbours = {f"stack {other}" for other in (z - 1, z, z + 1) if 0 <= other < 4}
        assert read_by(graph, layer) == {"image", "stack output"} | neighbours
    assert read_by(graph, output) == {layer.name for layer in stack}
    assert (graph.delays == 1).all()
    per_layer = [3 * (4 + 2 + 3 * neighbours) for neighbours in (2, 3, 3, 2)]
    assert graph.connection_count == sum(per_layer) + 2 * 4 * 3


def test_source_reaches_the_output_in_the_third_tick():
    graph, *_ = build()
    inputs = np.random.default_rng(1).standard_normal((1, 2, 2, 5))
    outputs = [GraphNetwork(graph, ticks=ticks, dtype=np.float64).forward(inputs) for ticks in (1, 2, 3)]
    assert not outputs[0].any()
    assert not outputs[1].any()
    assert outputs[2].all()


def test_options_reach_the_layers():
    graph, _, stack, output = build(
        count=2,
        connections_per_neuron=4,
        activation=Tanh(),
        bias=BiasInitializer(mean=3),
        delay=2,
        name="tower",
    )
    assert {len(graph.neuron(index).incoming) for layer in [*stack, output] for index in layer.neurons} == {4}
    assert graph.neuron(stack[0].first).activation == Tanh()
    assert graph.neuron(output.first).activation == Identity()
    assert (graph.delays == 2).all()
    assert (graph.biases == 3).all()
    assert stack[1].name == "tower 1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "0 layers with delay 1"),
        ({"delay": 0}, "3 layers with delay 0"),
        ({"connections_per_neuron": 10}, "10 connections per neuron: choose 1 to 9"),
        ({"connections_per_neuron": 0}, "choose 1 to 9"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
