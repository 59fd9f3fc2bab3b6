"""The rows of the ladder tables: which network, how large, and what stands beside it.

Every rung of a row starts from the same seed, so all of them compute the same numbers; this is
checked before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks import peers
from networks.ladder import FAMILIES
from networks.network import Network
from nn.activations import Identity, LeakyReLU
from nn.graph import Graph
from nn.history import aligned_zeros
from nn.shape import Shape

LEAKAGE = 0.1
Build = Callable[[str], Network]
PeerOf = Callable[[Network, np.ndarray], peers.Peer]


@dataclass
class Row:
    """One network of a family at one size.

    Attributes
    ----------
    family, title
        Which ladder, and what the table calls the row.
    rungs
        Names of the rungs that take part: the plain ones are left out where they would take minutes.
    histories
        Entries of the batch.
    build
        Makes the network of a rung.
    peer
        Makes PyTorch's version of a network for its input values.
    """

    family: str
    title: str
    rungs: Sequence[str]
    histories: int
    build: Build
    peer: PeerOf
    values: np.ndarray = field(init=False)
    signals: np.ndarray = field(init=False)

    def prepare(self) -> dict[str, Network]:
        """Build all rungs, run them once, and check that they agree.

        Raises
        ------
        AssertionError
            When a rung is further from the slowest one of the row than its tolerance.
        """
        generator = np.random.default_rng(1)
        networks = {name: self.build(name) for name in self.rungs}
        first = networks[self.rungs[0]]
        self.values = _normal((*first.input_shape, self.histories), generator)
        self.signals = _normal((*first.output_shape, self.histories), generator)
        wanted = _results(first, self.values, self.signals)
        for name, network in networks.items():
            for got, expected in zip(_results(network, self.values, self.signals), wanted, strict=True):
                error = np.abs(got - expected).max() / np.abs(expected).max()
                if error > 10 * FAMILIES[self.family].tolerance["float32"]:
                    raise AssertionError(f"{self.title}: {name} differs by {error:.1e}")
        return networks


def _normal(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    array = aligned_zeros(shape)
    array[:] = generator.standard_normal(shape, dtype=np.float32)
    return array


def _results(network: Network, values: np.ndarray, signals: np.ndarray) -> list[np.ndarray]:
    network.parameters.zero_gradients()
    outputs = network.forward(values).copy()
    return [outputs, network.backward(signals).copy(), network.parameters.gradients.copy()]


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
    ]
