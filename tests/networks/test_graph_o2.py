"""The graph's rung o2: layers, threads, parts."""

import numba
import numpy as np
import pytest

from networks import graph_o2
from nn.activations import Tanh
from nn.graph import Graph
from nn.history import aligned_zeros
from nn.shape import Shape
from tests.support.graph_networks import RUNGS, assert_same, histories, layered_graph, run


@pytest.mark.parametrize("entries", [5, 16, 33, 64, 176])
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
    """Windows of an image whose neurons are numbered at random, so that a partition can improve it."""
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


@pytest.mark.parametrize(("ticks", "steps"), [(1, None), (2, None), (1, 2)])
def test_inputs_that_are_read_where_the_caller_has_them(ticks, steps):
    graph = Graph()
    generator = np.random.default_rng(0)
    graph.add_neuron(Tanh())
    image = graph.input_layer(Shape(80, 80, 1))
    hidden = graph.random(image, Shape(1, 1, 40), connections_per_neuron=33, generator=generator)
    skip = graph.random([image, hidden], Shape(1, 1, 30), connections_per_neuron=9, generator=generator)
    graph.random(image, target=skip, connections_per_neuron=5, delay=1, generator=generator)
    graph.set_output(skip)
    shape = (*(() if steps is None else (steps,)), 80, 80, 1, 32)
    assert np.prod(shape) > graph_o2.WORTH_A_REGION
    given, elsewhere = aligned_zeros(shape), aligned_zeros((*shape[:-1], 33))[..., :32]
    given[:] = elsewhere[:] = generator.standard_normal(shape)
    signals = histories(graph.output_shape, *shape[:-4], entries=32, dtype=np.float32)
    found = [run(graph_o2.GraphNetwork(graph, ticks=ticks), inputs, signals) for inputs in (given, elsewhere)]
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name], err_msg=name)
    assert_same(found[0], run(RUNGS["o1"](graph, ticks=ticks), given, signals), 2e-5)


def test_inputs_of_the_caller_may_change_before_the_way_back():
    graph = layered_graph()
    inputs = aligned_zeros((*graph.input_shape, 288))
    inputs[:] = histories(graph.input_shape, entries=288, dtype=np.float32)
    signals = histories(graph.output_shape, entries=288, dtype=np.float32)
    assert inputs.size > graph_o2.WORTH_A_REGION
    gradients = []
    for spoil in (False, True):
        network = graph_o2.GraphNetwork(graph)
        given = aligned_zeros(inputs.shape)
        given[:] = inputs
        network.forward(given)
        given[:] = np.nan if spoil else given
        network.backward(signals)
        gradients.append(network.parameters.gradients.copy())
    np.testing.assert_array_equal(*gradients)


@pytest.mark.parametrize("entries", [16, 32, 48, 64, 128])
def test_a_step_down_the_gradient_is_the_same_in_place_and_after_the_pass(entries):
    graph = layered_graph()
    inputs = histories(graph.input_shape, entries=entries, dtype=np.float32)
    signals = histories(graph.output_shape, entries=entries, dtype=np.float32)
    placed, after = (graph_o2.GraphNetwork(graph) for _ in range(2))
    run(placed, inputs, signals, 0.1)
    found = run(after, inputs, signals)
    np.testing.assert_allclose(
        placed.parameters.values, found["parameters"] - 0.1 * found["gradients"], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("steps", [None, 2])
def test_a_network_may_be_fed_its_own_outputs(steps):
    graph = Graph()
    image = graph.input_layer(Shape(80, 80, 1))
    generator = np.random.default_rng(0)
    graph.set_output(
        graph.random(
            image, Shape(80, 80, 1), connections_per_neuron=3, activation=Tanh(), generator=generator
        )
    )
    network = graph_o2.GraphNetwork(graph)
    given = histories(image.shape, *(() if steps is None else (steps,)), entries=32, dtype=np.float32)
    assert given.size > graph_o2.WORTH_A_REGION
    expected = network.forward(network.forward(given).copy()).copy()
    np.testing.assert_array_equal(network.forward(network.forward(given)), expected)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="this machine has one core")
def test_inputs_of_the_caller_are_read_by_any_number_of_threads(monkeypatch):
    graph, generator = Graph(), np.random.default_rng(0)
    image = graph.input_layer(Shape(80, 80, 1))
    hidden = graph.random(image, Shape(40, 40, 1), connections_per_neuron=20, generator=generator)
    skip = graph.random([image, hidden], Shape(20, 20, 1), connections_per_neuron=30, generator=generator)
    graph.set_output(skip)
    given = aligned_zeros((80, 80, 1, 32))
    given[:] = generator.standard_normal(given.shape)
    assert given.size > graph_o2.WORTH_A_REGION and graph.connection_count * 32 >= 1 << 20
    signals = histories(graph.output_shape, entries=32, dtype=np.float32)
    readable, read = graph_o2.GraphNetwork._readable, []

    def readable_and_noted(network, sequence):
        read.append(readable(network, sequence))
        return read[-1]

    monkeypatch.setattr(graph_o2.GraphNetwork, "_readable", readable_and_noted)
    found, before = [], numba.get_num_threads()
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            found.append(run(graph_o2.GraphNetwork(graph), given, signals))
    finally:
        numba.set_num_threads(before)
    assert read == [True, True]
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name], err_msg=name)
