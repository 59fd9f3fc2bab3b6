"""Graphs as arrays and JSON: round trips, and faults of files."""

import json

import numpy as np
import pytest

from nn.activations import LeakyReLU, Tanh
from nn.graph import Graph
from nn.shape import Shape


def example():
    graph = Graph()
    image = graph.input_layer(Shape(2, 2, 1), "image")
    hidden = graph.local(image, 1, 3, 1, 2, activation=LeakyReLU(0.2), generator=np.random.default_rng(0))
    product = graph.add_product(Tanh())
    shared = graph.connect(graph.neuron(hidden.first), product, 0.5).weight
    graph.connect(graph.neuron(0), product, shared, delay=3)
    graph.connect(graph.neuron(1), product, None)
    graph.set_output([product, graph.neuron(hidden.first)])
    return graph


def test_graph_comes_back_from_json_and_arrays():
    graph = example()
    configuration = json.loads(json.dumps(graph.to_configuration()))
    back = Graph.from_arrays(configuration, graph.arrays())
    for name, array in graph.arrays().items():
        np.testing.assert_array_equal(array, back.arrays()[name])
        assert array.dtype == back.arrays()[name].dtype
    assert back.activations == graph.activations
    assert back.layers == graph.layers
    assert back.to_configuration() == graph.to_configuration()


def test_arrays_are_copies():
    graph = example()
    arrays = graph.arrays()
    arrays["weights"][:] = 7
    arrays["sources"][:] = 0
    assert not (graph.weights == 7).any()
    assert graph.sources.any()


def test_parameters_start_at_zero_where_they_are_left_out():
    graph = example()
    wiring = {name: array for name, array in graph.arrays().items() if name not in ("weights", "biases")}
    back = Graph.from_arrays(graph.to_configuration(), wiring)
    assert back.weights.shape == graph.weights.shape
    assert not back.weights.any()
    assert not back.biases.any()


@pytest.mark.parametrize(
    ("name", "place", "value", "message"),
    [
        ("kinds", 0, 3, r"kinds\[0\] is 3, expected 0 to 2"),
        ("activation_of", 4, 3, r"activation_of\[4\] is 3, expected 0 to 2"),
        ("bias_of", 5, 8, r"bias_of\[5\] is 8, expected -1 to 7"),
        ("bias_of", 0, 0, "neuron 0 has a bias, but is not a sum"),
        ("sources", 2, 13, r"sources\[2\] is 13, expected 0 to 12"),
        ("sources", 2, -1, r"sources\[2\] is -1"),
        ("targets", 1, 99, r"targets\[1\] is 99"),
        ("targets", 1, 0, "connection 1 leads to neuron 0, an input"),
        ("weight_of", 0, -2, r"weight_of\[0\] is -2, expected -1 to"),
        ("delays", 3, -1, r"delays\[3\] is -1, expected 0 to"),
        ("outputs", 0, 13, r"outputs\[0\] is 13"),
        ("outputs", 0, 4, "a neuron is output twice"),
        ("weights", 0, np.nan, "weights holds NaN or infinity"),
        ("biases", 0, np.inf, "biases holds NaN or infinity"),
    ],
)
def test_wrong_entry_is_named(name, place, value, message):
    graph = example()
    arrays = graph.arrays()
    arrays[name][place] = value
    with pytest.raises(ValueError, match=message):
        Graph.from_arrays(graph.to_configuration(), arrays)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sources": None}, "arrays: found"),
        ({"extra": np.zeros(1)}, "arrays: found .*extra"),
        ({"sources": np.zeros(3)}, "sources is float64 .*whole numbers"),
        ({"sources": np.zeros((3, 1), np.int32)}, r"sources is int32 \(3, 1\)"),
        ({"weights": np.zeros(3, int)}, "weights is int64 .*floating point"),
        ({"delays": np.zeros(3, int)}, "delays has 3 entries, expected 35"),
        ({"bias_of": np.zeros(3, int)}, "bias_of has 3 entries, expected 13"),
        ({"weights": np.zeros(3)}, "weights has 3 entries, expected 33"),
    ],
)
def test_wrong_array_is_named(changes, message):
    graph = example()
    arrays = {name: array for name, array in {**graph.arrays(), **changes}.items() if array is not None}
    with pytest.raises(ValueError, match=message):
        Graph.from_arrays(graph.to_configuration(), arrays)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found.pop("layers"), "graph: found"),
        (lambda found: found.update(other=1), "graph: found .*other"),
        (lambda found: found.update(weights=-1), "weights is -1, expected a whole number"),
        (lambda found: found.update(biases=2.5), r"biases is 2.5"),
        (lambda found: found["layers"][0].pop("first"), "layer 0: found"),
        (lambda found: found["layers"][0].update(shape="2x2"), "shape '2x2'"),
        (lambda found: found["layers"][0].update(first=True), "layer 0: first is True"),
        (lambda found: found["layers"][1].update(first=3), "'layer 1' spans neurons 3 to 10, expected with"),
        (lambda found: found["layers"][1].update(shape="2x2x3"), "4 to 15, expected within 4 to 12"),
        (lambda found: found.update(layers=[3]), "layer 0: found 3"),
        (lambda found: found.update(layers=None), "layers is None, expected a list"),
        (lambda found: found.update(activations=["relu"]), "activation 0 is 'relu'"),
        (lambda found: found["layers"][1].update(name="image"), "two layers have one name"),
        (lambda found: found["layers"][1].update(name=3), "layer 1: name is 3, expected a text"),
        (lambda found: found.update(weights=10**30), "weights is 1000000000000000000000000000000, expected"),
        (lambda found: found["activations"][0].update(name="relux"), "unknown activation 'relux'"),
    ],
)  # fmt: skip
def test_wrong_description_is_named(change, message):
    graph = example()
    configuration = graph.to_configuration()
    change(configuration)
    with pytest.raises(ValueError, match=message):
        Graph.from_arrays(configuration, graph.arrays())
