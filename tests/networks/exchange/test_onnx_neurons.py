"""Graphs of neurons written as ONNX: any topology, delays as steps, products, shared and fixed weights."""

import numpy as np
import pytest
from hypothesis import given

from networks import Dense, GraphNetwork, Sequential
from networks.exchange import onnx
from nn import Graph, Shape, Tanh
from tests.support.graph_networks import layered_graph, random_graph, seeds
from tests.support.onnx_sessions import as_theirs, exported, largest_difference

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("onnx")


def in_steps(network, values, session):
    """Return what the session makes of a sequence (T, H, W, C, N), and what ours does, entries first."""
    tensor = np.stack([as_theirs(each, network.input_shape) for each in values], axis=1)
    (found,) = session.run(None, {"input": tensor})
    wanted = [as_theirs(each, network.output_shape) for each in network.forward(values)]
    return found, np.stack(wanted, axis=1)


@given(seeds)
def test_graphs_of_any_topology_in_steps_and_held_for_ticks(folder, seed):
    graph = random_graph(seed)
    network = GraphNetwork(graph)
    values = np.random.default_rng(seed).normal(size=(6, *network.input_shape, 5)).astype(np.float32)
    session = exported(network, folder)
    if graph.delays.any():
        found, wanted = in_steps(network, values, session)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    else:
        assert largest_difference(network, {"input": values[0]}, session) < 1e-5
    held = GraphNetwork(graph, ticks=3)
    assert largest_difference(held, {"input": values[0]}, exported(held, folder)) < 1e-5


def test_images_of_neurons_in_steps(folder):
    network = GraphNetwork(layered_graph())
    assert network.graph.delays.any()
    values = np.random.default_rng(0).normal(size=(3, *network.input_shape, 2)).astype(np.float32)
    found, wanted = in_steps(network, values, exported(network, folder))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("connections", [2, 60])
def test_few_connections_are_scattered_and_many_are_a_matrix(folder, connections):
    generator, graph = np.random.default_rng(0), Graph()
    image = graph.input_layer(Shape(8, 8, 1))
    graph.set_output(
        graph.random(
            image, Shape(4, 4, 2), connections_per_neuron=connections, activation=Tanh(), generator=generator
        )
    )
    network = Sequential([GraphNetwork(graph), Dense(Shape(4, 4, 2), 3, generator=generator)])
    session = exported(network, folder)
    values = generator.normal(size=(8, 8, 1, 4)).astype(np.float32)
    assert largest_difference(network, {"input": values}, session) < 1e-5
    written = (folder / "model.onnx").stat().st_size
    assert onnx.size(network) == written
    assert written < 20_000


def test_held_inputs_take_no_more_room_for_more_ticks_and_none_without_delays(folder):
    network = GraphNetwork(layered_graph(), ticks=200)
    assert network.graph.delays.any()
    values = np.random.default_rng(0).normal(size=(*network.input_shape, 2)).astype(np.float32)
    assert largest_difference(network, {"input": values}, exported(network, folder)) < 1e-4
    few = onnx.size(GraphNetwork(layered_graph(), ticks=2))
    assert onnx.size(network) - few < 1000
