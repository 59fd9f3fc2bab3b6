"""The rows of the ladder tables: which network, how large, and what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks import peers
from benchmarks.convolution_rows import convolution_rows
from benchmarks.recurrent_rows import recurrent_rows
from benchmarks.row import Row
from networks.ladder import FAMILIES
from networks.network import Network
from nn.activations import Identity, LeakyReLU
from nn.graph import Graph
from nn.shape import Shape

LEAKAGE = 0.1


def _dense(inputs: int, outputs: int, histories: int) -> Row:
    def build(rung: str) -> Network:
        shapes = Shape(1, 1, inputs), Shape(1, 1, outputs)
        kind = FAMILIES["dense"].rungs[rung]
        network: Network = kind(*shapes, activation=LeakyReLU(LEAKAGE), generator=np.random.default_rng(0))
        return network

    def peer(network: Network, values: np.ndarray) -> peers.Peer:
        weights, biases = network.parameters["weights"], network.parameters["biases"]
        return peers.dense(weights, biases, values.reshape(inputs, histories), LEAKAGE)

    return Row("dense", f"{inputs} to {outputs}", ("plain", "o1", "o2"), histories, build, peer)


def _local(shape: Shape, blocks: tuple[int, int, int], channels: int, histories: int) -> Row:
    block, window, output_block = blocks

    def build(rung: str) -> Network:
        network: Network = FAMILIES["local"].rungs[rung](
            shape,
            input_block=block,
            window=window,
            output_block=output_block,
            channels=channels,
            activation=LeakyReLU(LEAKAGE),
            generator=np.random.default_rng(0),
        )
        return network

    def peer(network: Network, values: np.ndarray) -> peers.Peer:
        tiles = (shape.height // block) * (shape.width // block)
        outputs = output_block**2 * channels
        weights = np.ones((tiles, outputs, window**2 * shape.channels), np.float32)
        images = np.ascontiguousarray(values.transpose(3, 2, 0, 1))
        geometry = (block, window, (window - block) // 2)
        return peers.local(weights, np.ones((tiles, outputs), np.float32), images, geometry)

    title = f"{shape} to {shape.height // block * output_block} squared x{channels}, window {window}"
    return Row("local", title, ("plain", "o1", "o2"), histories, build, peer)


def _graph(neurons: int, connections: int, histories: int, rungs: Sequence[str]) -> Row:
    def build(rung: str) -> Network:
        generator = np.random.default_rng(0)
        graph = Graph()
        source = graph.input_layer(Shape(1, 1, neurons))
        layer = graph.random(
            source,
            Shape(1, 1, neurons),
            connections_per_neuron=connections,
            activation=Identity(),
            generator=generator,
        )
        graph.set_output(layer)
        network: Network = FAMILIES["graph"].rungs[rung](graph)
        return network

    def peer(network: Network, values: np.ndarray) -> peers.Peer:
        generator = np.random.default_rng(0)
        sources = np.concatenate(
            [np.sort(generator.choice(neurons, connections, replace=False)) for _ in range(neurons)]
        )
        starts = np.arange(neurons + 1) * connections
        weights = generator.standard_normal(len(sources), dtype=np.float32)
        return peers.graph(weights, sources, starts, values.reshape(neurons, histories))

    return Row("graph", f"{neurons} neurons x {connections}", rungs, histories, build, peer)


def all_rows() -> list[Row]:
    """Return the rows of every ladder."""
    return [
        _dense(16, 16, 32),
        _dense(784, 512, 64),
        _local(Shape(64, 64, 3), (2, 5, 1), 8, 32),
        _local(Shape(32, 32, 8), (2, 5, 1), 16, 32),
        _local(Shape(16, 16, 16), (1, 5, 2), 8, 32),
        _graph(500, 20, 32, ("plain", "o1", "o2")),
        _graph(20_000, 50, 32, ("o1", "o2")),
        *convolution_rows(),
        *recurrent_rows(),
    ]
