"""Rows of graphs with random connections, against compressed sparse rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.layer_row import Layer, layer_row
from benchmarks.row import BACKWARD, FORWARD, Peer, Row, assert_agreement
from benchmarks.torch_peer import EAGER, TOLERANCE, tensor, torch
from networks import FAMILIES, RUNGS, Network
from nn import Graph, Identity, Shape


def rows() -> list[Row]:
    """Return a small graph and a large one."""
    return [
        random_graph_row(500, 20, 32),
        random_graph_row(20_000, 50, 32, rungs=("o1", "o2"), headline=(FORWARD, BACKWARD)),
    ]


def random_graph_row(
    neurons: int,
    connections: int,
    histories: int,
    *,
    rungs: Sequence[str] = RUNGS,
    headline: Sequence[str] = (),
) -> Row:
    """Return the row of a number of neurons, each with random connections from as many inputs."""
    layer = Layer(partial(build_random_graph, neurons, connections), others=_peers)
    title = f"{neurons:,} neurons x {connections}"
    return layer_row("graph", title, histories, layer, rungs=rungs, headline=headline)


def build_random_graph(neurons: int, connections: int, rung: str) -> Network:
    """Return neurons that are each connected with some inputs, of which there are as many as neurons."""
    graph = Graph()
    source = graph.input_layer(Shape(1, 1, neurons))
    layer = graph.random(
        source,
        Shape(1, 1, neurons),
        connections_per_neuron=connections,
        activation=Identity(),
        generator=np.random.default_rng(0),
    )
    graph.set_output(layer)
    network: Network = FAMILIES["graph"].rungs[rung](graph)
    return network


def _peers(network: Any, values: np.ndarray) -> dict[str, Callable[[], Peer]]:
    return {} if torch is None else {EAGER: partial(_peer, network, values)}


def _peer(network: Any, values: np.ndarray) -> Peer:
    """Forward `W @ x`; backward `W^T @ d` and the sampled product for dW.

    PyTorch keeps no fast derivative of its own for compressed rows, so the two products of the
    backward pass are called directly: the transposed matrix is made beforehand, and the gradient of
    the weights is `sampled_addmm` on the same pattern.
    """
    warnings.filterwarnings("ignore", "Sparse", UserWarning)
    graph, neurons = network.graph, network.output_shape.size
    weights = tensor(graph.weights[graph.weight_of].astype(np.float32))
    ends = tensor(np.stack([graph.targets - neurons, graph.sources]).astype(np.int64))
    matrix = torch.sparse_coo_tensor(ends, weights, (neurons, neurons)).coalesce().to_sparse_csr()
    transposed = torch.sparse_coo_tensor(ends.flip(0), weights, (neurons, neurons)).coalesce().to_sparse_csr()
    pattern = matrix.crow_indices(), matrix.col_indices()
    zeros = torch.sparse_csr_tensor(*pattern, torch.zeros(len(weights)), (neurons, neurons))
    batch = tensor(values.reshape(neurons, -1))
    deltas = torch.ones_like(batch)
    outputs = network.forward(values).reshape(neurons, -1).copy()

    def backward() -> Any:
        return transposed @ deltas, torch.sparse.sampled_addmm(zeros, deltas, batch.T)

    def check() -> None:
        assert_agreement(EAGER, (matrix @ batch).numpy(), outputs, TOLERANCE)

    return Peer({FORWARD: lambda: matrix @ batch, BACKWARD: backward}, check)
