"""Rows of layers of which a share of the connections is there, beside SparseLab and our own dense layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from benchmarks.figures import DENSE_LAYER
from benchmarks.layer_row import TOLERANCE, Layer, layer_calls, layer_row, random_signals
from benchmarks.row import BOTH, FORWARD, Peer, Row, assert_agreement
from benchmarks.sparselab_peer import sparse_peers
from networks import FAMILIES, Dense, Network
from nn import Graph, Identity, Shape

WIDTHS, SPARSITIES, HISTORIES = (1024, 4096), (0.9, 0.99), (32, 64, 128)
DENSER = (0.8, 0.5)
"""Sparsities that are measured as well, for where the dense layer overtakes."""


def rows() -> list[Row]:
    """Return a row for every width, sparsity and number of histories."""
    usual = [sparse_row(*each) for each in product(WIDTHS, SPARSITIES, HISTORIES)]
    return [*usual, *(sparse_row(*each, 64) for each in product(WIDTHS, DENSER))]


def sparse_row(width: int, sparsity: float, histories: int) -> Row:
    """Return the row of a layer as wide as its input, without that share of its connections."""
    layer = Layer(partial(build_sparse, width, 1 - sparsity), others=_peers)
    title = f"{width} wide, {sparsity:.0%} sparse, {histories} histories"
    return layer_row("sparse", title, histories, layer, rungs=("o2",), directions=(FORWARD, BOTH))


def build_sparse(width: int, density: float, rung: str) -> Network:
    """Return a graph of two layers with that share of the connections between them."""
    graph, generator = Graph(), np.random.default_rng(0)
    source = graph.input_layer(width)
    graph.set_output(graph.sparse(source, width, density=density, activation=Identity(), generator=generator))
    network: Network = FAMILIES["graph"].rungs[rung](graph)
    return network


def _peers(network: Any, values: np.ndarray) -> Mapping[str, Callable[[], Peer]]:
    graph, (sources, targets) = network.graph, (network.input_shape.size, network.output_shape.size)
    matrix = np.zeros((targets, sources), np.float32)
    matrix[graph.targets - sources, graph.sources] = network.weights[graph.weight_of]
    outputs = network.forward(values).reshape(targets, -1).copy()
    peers = sparse_peers(matrix, values.reshape(sources, -1), outputs)
    return {DENSE_LAYER: partial(_dense, matrix, values, outputs), **peers}


def _dense(matrix: np.ndarray, values: np.ndarray, outputs: np.ndarray) -> Peer:
    """Return our dense layer with the same weights, and zeros where there is no connection."""
    targets, sources = matrix.shape
    shapes = Shape(1, 1, sources), Shape(1, 1, targets)
    network = Dense(*shapes, activation=Identity(), generator=np.random.default_rng(0))
    network.parameters["weights"][...] = matrix
    network.parameters["biases"][...] = 0
    calls = layer_calls(network, values, random_signals(network, values.shape[-1]))

    def check() -> None:
        found = network.forward(values).reshape(targets, -1)
        assert_agreement(DENSE_LAYER, found, outputs, TOLERANCE)

    return Peer({name: calls[name] for name in (FORWARD, BOTH)}, check)
