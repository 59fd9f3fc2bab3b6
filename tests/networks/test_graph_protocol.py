"""Graph networks as objects: nudges, handles, descriptions, errors."""

import json

import numpy as np
import pytest

from networks import graph as plain
from networks import graph_o2
from nn.activations import Identity, Tanh
from nn.graph import Graph
from nn.graph.levels import CycleError
from tests.support.graph_networks import RUNGS, every_rung, histories, layered_graph, random_graph


@every_rung
def test_nudges_move_every_neuron(rung):
    graph = random_graph(4, activations=[Identity()])
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = histories(graph.input_shape, 2, entries=3)
    network.forward(inputs)
    before = network.values.copy()
    network.nudges = np.zeros_like(before)
    last = int(graph.levels.neurons[-1])
    network.nudges[1, last] = 5
    network.forward(inputs)
    difference = network.values - before
    assert (difference[1, last] == pytest.approx(5)) and not np.delete(difference, last, axis=1).any()
    network.nudges = np.full(before.shape[1:], 0.5)
    network.forward(inputs)
    np.testing.assert_allclose(network.values[:, graph.inputs] - before[:, graph.inputs], 0.5)


@every_rung
def test_handles_read_and_write_what_the_rung_computes_with(rung):
    graph = random_graph(9)
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = histories(graph.input_shape, 2, entries=3)
    target = next(index for index in range(graph.neuron_count) if network.neuron(index).bias is not None)
    network.neuron(target).bias = 2.5
    for weight in range(len(network.weights)):
        network.weight(weight).value = 0
    network.forward(inputs)
    fixed = [connection for connection in network.neuron(target).incoming if connection.weight is None]
    total = sum(
        (connection.source.values[1 - connection.delay] for connection in fixed if connection.delay < 2), 2.5
    )
    expected = network.neuron(target).activation(np.broadcast_to(total, 3).astype(float))
    np.testing.assert_allclose(network.neuron(target).values[1], expected)


def test_layers_can_be_looked_at():
    graph = layered_graph()
    network = graph_o2.GraphNetwork(graph)
    inputs = histories(graph.input_shape, entries=5, dtype=np.float32)
    network.forward(inputs)
    network.backward(histories(graph.output_shape, entries=5, dtype=np.float32))
    np.testing.assert_array_equal(network.layer_values(graph.layers[0])[0], inputs)
    code = graph.layers[1]
    assert network.layer_values(code).shape == network.layer_signals(code).shape == (1, 8, 8, 6, 5)
    index = code.index(2, 3, 4)
    np.testing.assert_array_equal(network.layer_values(code)[:, 2, 3, 4], network.neuron(index).values)
    np.testing.assert_array_equal(network.layer_signals(code)[:, 2, 3, 4], network.neuron(index).signals)


@every_rung
def test_network_comes_back_from_its_description(rung):
    network = RUNGS[rung](random_graph(6), ticks=3, dtype=np.float64)
    configuration = json.loads(json.dumps(network.to_configuration()))
    back = RUNGS[rung].from_configuration(configuration, network.structure(), dtype=np.float64)
    back.parameters.copy_from(network.parameters)
    batch = np.random.default_rng(0).standard_normal((7, *network.input_shape))
    np.testing.assert_array_equal(back.predict(batch, batch_size=3), network.predict(batch))
    assert back.connections == network.connections == network.graph.connection_count
    assert set(network.structure()).isdisjoint({"weights", "biases"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "dense"}, "no configuration of a graph network"),
        ({"ticks": 1.5}, "ticks is 1.5"),
        ({"ticks": 0}, "ticks is 0"),
    ],
)
def test_wrong_description_is_refused(change, message):
    network = plain.GraphNetwork(random_graph(6))
    with pytest.raises(ValueError, match=message):
        plain.GraphNetwork.from_configuration({**network.to_configuration(), **change}, network.structure())


@every_rung
def test_graphs_that_cannot_run_are_refused(rung):
    build = RUNGS[rung]
    graph = Graph()
    with pytest.raises(ValueError, match="the graph has no input neuron"):
        build(graph)
    source = graph.add_input()
    with pytest.raises(ValueError, match="the graph has no output"):
        build(graph)
    graph.set_output([source])
    with pytest.raises(ValueError, match="ticks is 0"):
        build(graph, ticks=0)
    with pytest.raises(ValueError, match="dtype int64"):
        build(graph, dtype=np.int64)
    loop = graph.add_neuron(Tanh())
    graph.connect(loop, loop, 1.0)
    with pytest.raises(CycleError, match="neuron 1 -> neuron 1"):
        build(graph)


@every_rung
def test_arrays_that_do_not_fit_are_refused(rung):
    graph = layered_graph()
    network = RUNGS[rung](graph)
    good = np.zeros((16, 16, 3, 2), np.float32)
    for wrong, message in (
        (good[0], r"input values have shape \(16, 3, 2\), expected \(16x16x3, histories\)"),
        (good[:15], "input values have shape"),
        (good[..., :0], "input values have shape"),
        (np.zeros((0, 16, 16, 3, 2), np.float32), "input values have shape"),
        (good.astype(np.float64), "input values are float64, the network is float32"),
    ):
        with pytest.raises(ValueError, match=message):
            network.forward(wrong)
    with pytest.raises(ValueError, match="not that of the last outputs"):
        network.backward(np.zeros((1, 1, 30, 2), np.float32))
    if rung == "plain":
        return
    network.forward(good)
    for wrong in ((2, 1, 1, 30, 2), (1, 1, 30, 3), (1, 1, 29, 2)):
        with pytest.raises(ValueError, match="signals have shape"):
            network.backward(np.zeros(wrong, np.float32))


def test_memory_counts_the_neurons_inside():
    network = plain.GraphNetwork(random_graph(2), ticks=2)
    hidden = network.graph.neuron_count
    assert network.history_bytes(16) >= 3 * network.ticks * hidden * 16 * network.dtype.itemsize
    assert network.history_bytes(17) == 2 * network.history_bytes(16)
