"""The graph's rung o2: layers, threads, parts."""

import numba
import numpy as np
import pytest
from graph_networks import RUNGS, assert_same, histories, layered_graph, run

from networks import graph_o2
from nn.activations import Tanh
from nn.graph import Graph
from nn.shape import Shape


@pytest.mark.parametrize("entries", [5, 16, 33])
def test_rungs_agree_on_layers_in_float32(entries):
    graph = layered_graph()
    inputs = histories(graph.input_shape, 2, entries=entries, dtype=np.float32)
    signals = histories(graph.output_shape, 2, entries=entries, seed=2, dtype=np.float32)
    o1, o2 = (run(RUNGS[name](graph), inputs, signals) for name in ("o1", "o2"))
    assert o1["values"].dtype == o2["gradients"].dtype == np.float32
    assert_same(o2, o1, 2e-5)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="this machine has one core")
@pytest.mark.parametrize("learning_rate", [None, 0.1])
def test_bits_do_not_depend_on_threads(learning_rate):
    graph = layered_graph()
    inputs = histories(graph.input_shape, 2, entries=20, dtype=np.float32)
    signals = histories(graph.output_shape, 2, entries=20, dtype=np.float32)
    found = []
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(threads)
        found.append(run(graph_o2.GraphNetwork(graph), inputs, signals, learning_rate))
    numba.set_num_threads(before)
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name], err_msg=name)


def shuffled_windows():
    """Windows of an image whose neurons are numbered at random, so that a partition has work to do."""
    built = Graph()
    built.local(built.input_layer(Shape(20, 20, 1)), 1, 5, 1, 1, generator=np.random.default_rng(0))
    places = np.concatenate([np.random.default_rng(seed).permutation(400) + 400 * seed for seed in (0, 1)])
    graph = Graph()
    graph.input_layer(Shape(20, 20, 1))
    biases = graph.add_biases(np.linspace(-1, 1, 400))
    layer = graph.add_layer(None, Shape(20, 20, 1), activation=Tanh(), bias_of=biases + np.arange(400))
    graph.add_weights(built.weights)
    graph.add_connections(places[built.sources], places[built.targets], built.weight_of)
    graph.set_output(layer)
    return graph


def test_bits_do_not_depend_on_parts():
    graph = shuffled_windows()
    inputs = histories(graph.input_shape, entries=20, dtype=np.float32)
    networks = [graph_o2.GraphNetwork(graph, parts=parts) for parts in (1, 2, 3)]
    found = [run(network, inputs, inputs) for network in networks]
    for other in found[1:]:
        for name in found[0]:
            np.testing.assert_array_equal(found[0][name], other[name], err_msg=name)
