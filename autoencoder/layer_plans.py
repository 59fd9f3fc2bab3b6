"""Plans of layers: shapes and numbers of connections, without any weight allocated."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from networks import Network, rung
from nn import Activation, BiasInitializer, Graph, Initializer, Shape
from nn.tiling import Tiling


class Start(NamedTuple):
    """How parameters start: the source of the draws, and how weights and biases are drawn."""

    generator: np.random.Generator
    initializer: Initializer
    bias: BiasInitializer


class LayerPlan(Protocol):
    """A layer, or a chain of them, that can be made on any rung."""

    @property
    def input_shape(self) -> Shape:
        """What it takes."""

    @property
    def output_shape(self) -> Shape:
        """What it gives."""

    @property
    def neurons(self) -> int:
        """How many neurons compute something."""

    @property
    def connections(self) -> int:
        """How many connections lead to them, each with a weight of its own."""

    def make(self, rung_name: str, start: Start) -> Network:
        """Make it."""


class DensePlan(NamedTuple):
    """Every neuron connected to every one of the layer before; see `networks.dense.Dense`."""

    input_shape: Shape
    output_shape: Shape
    activation: Activation

    @property
    def neurons(self) -> int:
        """The outputs."""
        return self.output_shape.size

    @property
    def connections(self) -> int:
        """Inputs times outputs."""
        return self.input_shape.size * self.output_shape.size

    def make(self, rung_name: str, start: Start) -> Network:
        """Make it."""
        network: Network = rung("dense", rung_name)(*self[:2], activation=self.activation, **start._asdict())
        return network


class LocalPlan(NamedTuple):
    """Windows of an image; see `networks.local.Local`."""

    input_shape: Shape
    input_block: int
    window: int
    output_block: int
    channels: int
    activation: Activation

    @property
    def tiling(self) -> Tiling:
        """The windows."""
        return Tiling(self.input_shape, self.input_block, self.window, self.output_block)

    @property
    def output_shape(self) -> Shape:
        """What the blocks make together."""
        return Shape(self.tiling.output_height, self.tiling.output_width, self.channels)

    @property
    def neurons(self) -> int:
        """The outputs."""
        return self.output_shape.size

    @property
    def connections(self) -> int:
        """Pixels and channels of every window, times the outputs of its block."""
        outputs = self.output_block**2 * self.channels
        return self.tiling.total_pixels * self.input_shape.channels * outputs

    def make(self, rung_name: str, start: Start) -> Network:
        """Make it."""
        network: Network = rung("local", rung_name)(
            self.input_shape,
            input_block=self.input_block,
            window=self.window,
            output_block=self.output_block,
            channels=self.channels,
            activation=self.activation,
            **start._asdict(),
        )
        return network


class GraphPlan(NamedTuple):
    """Layers with random sparse connections, as one graph; see `networks.graph.GraphNetwork`.

    Attributes
    ----------
    shapes
        Of the layers, inputs first.
    connections_per_neuron
        Into each neuron, or all of the layer before where that has fewer.
    activation, last_activation
        Of the layers, and of the last one.
    """

    shapes: tuple[Shape, ...]
    connections_per_neuron: int
    activation: Activation
    last_activation: Activation

    @property
    def input_shape(self) -> Shape:
        """The first layer."""
        return self.shapes[0]

    @property
    def output_shape(self) -> Shape:
        """The last layer."""
        return self.shapes[-1]

    @property
    def neurons(self) -> int:
        """Neurons of all layers but the inputs."""
        return sum(shape.size for shape in self.shapes[1:])

    @property
    def connections(self) -> int:
        """Connections between all layers."""
        return sum(to.size * self._into(source) for source, to in pairwise(self.shapes))

    def _into(self, source: Shape) -> int:
        return min(self.connections_per_neuron, source.size)

    def make(self, rung_name: str, start: Start) -> Network:
        """Draw the connections and make the network."""
        graph = Graph()
        layer = graph.input_layer(self.shapes[0])
        for source, shape in pairwise(self.shapes):
            layer = graph.random(
                layer,
                shape,
                connections_per_neuron=self._into(source),
                activation=self.last_activation if shape is self.shapes[-1] else self.activation,
                **start._asdict(),
            )
        graph.set_output(layer)
        network: Network = rung("graph", rung_name)(graph)
        return network
