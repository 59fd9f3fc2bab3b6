"""Building a graph a layer image at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Required, TypedDict, Unpack

import numpy as np

from nn.activations import Activation, LeakyReLU
from nn.graph.connection_lists import (
    Connections,
    convolution_connections,
    dense_connections,
    local_connections,
    random_connections,
    sparse_connections,
)
from nn.graph.neuron import Kind, Layer
from nn.graph.storage import GraphStorage
from nn.initializers import BiasInitializer, Glorot, Initializer
from nn.shape import Shape, layer_shape
from nn.tiling import Tiling

Source = Layer | Sequence[Layer]
"""The sources of connections; the neurons of several layers are taken one layer after another."""


class LayerOptions(TypedDict, total=False):
    """The keyword arguments of every builder.

    Attributes
    ----------
    generator
        Source of the initial weights and biases.
    initializer
        How weights start; `Glorot()` by default.
    delay
        How many steps ago the connections read their sources; 0 by default.
    activation, bias, name
        Of the new layer: `LeakyReLU()`, `BiasInitializer()` and `layer 0`, `layer 1` ... by default.
        An existing `target` has its own.
    """

    generator: Required[np.random.Generator]
    initializer: Initializer
    delay: int
    activation: Activation
    bias: BiasInitializer
    name: str


@dataclass(frozen=True)
class Plan:
    """The options of a builder, with defaults filled in, and checked."""

    generator: np.random.Generator
    initializer: Initializer = Glorot()  # noqa: RUF009 - frozen
    delay: int = 0
    activation: Activation | None = None
    bias: BiasInitializer | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if self.delay < 0:
            raise ValueError(f"delay {self.delay}: a connection cannot read the future")

    def draw(self, shape: tuple[int, int], fan_out: float) -> np.ndarray:
        """Draw weights (targets, sources of each), flat."""
        fan = max(1, round(fan_out))
        drawn = self.initializer(shape, shape[1], fan, generator=self.generator, dtype=np.float64)
        return drawn.ravel()


def draw_sparse(
    initializer: Initializer,
    count: int,
    density: float,
    sides: tuple[int, int],
    *,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw weights, float64 (count,), of connections between so many sources and targets, of some density."""
    fan_out, fan_in = (max(1, round(density * side)) for side in reversed(sides))
    return initializer((count, 1), fan_in, fan_out, generator=generator, dtype=np.float64).ravel()


class LayerBuilder(GraphStorage):
    """Adds whole layers and the connections between two of them.

    Every method but `input_layer` connects a source to a new layer of a given shape, or to an existing
    one passed as `target`, and returns that layer; so a layer can receive from many. A number of units stands
    for a shape of 1 x 1 x units. All take the keywords of `LayerOptions`. Weights are drawn before biases.
    """

    def input_layer(self, shape: Shape | int, name: str | None = None) -> Layer:
        """Add a layer of inputs."""
        return self.add_layer(name, _image_shape(shape), Kind.INPUT)

    def unconnected(
        self,
        shape: Shape | int,
        *,
        generator: np.random.Generator,
        activation: Activation = LeakyReLU(),  # noqa: B008 - frozen
        bias: BiasInitializer = BiasInitializer(),  # noqa: B008 - frozen
        name: str | None = None,
        shared_bias: bool = False,
    ) -> Layer:
        """Add a layer that can be the `target` of later connections.

        With `shared_bias` it has one bias for each channel instead of one for each neuron.
        """
        shape = _image_shape(shape)
        self.check_layer(name, shape)
        count = shape.channels if shared_bias else shape.size
        first = self.add_biases(bias((count,), generator=generator, dtype=np.float64))
        return self.add_layer(name, shape, Kind.SUM, activation, first + np.arange(shape.size) % count)

    def dense(
        self,
        source: Source,
        shape: Shape | int | None = None,
        *,
        target: Layer | None = None,
        **options: Unpack[LayerOptions],
    ) -> Layer:
        """Connect every neuron of the source to every neuron of the target.

        Raises
        ------
        ValueError
            When not exactly one of shape and target is given, or an option does not fit.
        """
        plan = Plan(**options)
        shape = self._shape(plan, shape, target)
        neurons = self._neurons(source)
        weights = plan.draw((shape.size, len(neurons)), shape.size)
        connections = dense_connections(len(neurons), shape.size)
        return self._connect(neurons, connections, weights, target or self._grow(shape, plan), plan.delay)

    def random(
        self,
        source: Source,
        shape: Shape | int | None = None,
        *,
        connections_per_neuron: int,
        target: Layer | None = None,
        **options: Unpack[LayerOptions],
    ) -> Layer:
        """Connect every neuron of the target to the same number of distinct random neurons of the source.

        Raises
        ------
        ValueError
            As for `dense`, and when the source does not have that many neurons.
        """
        plan = Plan(**options)
        shape = self._shape(plan, shape, target)
        neurons = self._neurons(source)
        connections = random_connections(
            len(neurons), shape.size, connections_per_neuron, generator=plan.generator
        )
        fan_out = shape.size * connections_per_neuron / len(neurons)
        weights = plan.draw((shape.size, connections_per_neuron), fan_out)
        return self._connect(neurons, connections, weights, target or self._grow(shape, plan), plan.delay)

    def sparse(
        self,
        source: Source,
        shape: Shape | int | None = None,
        *,
        density: float,
        target: Layer | None = None,
        **options: Unpack[LayerOptions],
    ) -> Layer:
        """Connect a share of all pairs of neurons, drawn at random: an Erdős-Rényi graph.

        They are `density` times the number of pairs, at least one; neurons have different numbers of them,
        and weights are drawn for the mean. `nn.erdos_renyi_densities` gives each layer its density.

        Raises
        ------
        ValueError
            As for `dense`, and when the density is not above 0 and at most 1.
        """
        plan = Plan(**options)
        shape = self._shape(plan, shape, target)
        neurons = self._neurons(source)
        connections = sparse_connections(len(neurons), shape.size, density, generator=plan.generator)
        count, sides = len(connections.numbers), (len(neurons), shape.size)
        weights = draw_sparse(plan.initializer, count, density, sides, generator=plan.generator)
        return self._connect(neurons, connections, weights, target or self._grow(shape, plan), plan.delay)

    def local(
        self,
        source: Layer,
        input_block: int,
        window: int,
        output_block: int,
        channels: int,
        *,
        mixing: bool = True,
        target: Layer | None = None,
        **options: Unpack[LayerOptions],
    ) -> Layer:
        """Connect windows of the source to blocks of the target, with own weights everywhere.

        Parameters
        ----------
        source
            The image the windows look at.
        input_block, window, output_block
            A, N and B of `nn.tiling.Tiling`.
        channels
            Of the target.
        mixing
            Whether outputs see every input channel. Otherwise output channel c sees input channel
            c // (channels / input channels) alone.
        target, options
            An existing layer, or what a new one is made with.

        Raises
        ------
        ValueError
            When the blocks do not tile the image, the channels do not divide, or the target's shape
            is another.
        """
        plan = Plan(**options)
        tiling, groups = _tiling(source, (input_block, window, output_block), channels, mixing)
        shape = self._tiled_shape(plan, tiling, channels, target)
        outputs = output_block**2 * channels // groups
        inputs = source.shape.channels // groups
        fan_out = outputs * (window / input_block) ** 2
        windows = np.repeat(tiling.window_pixels.ravel() * inputs, groups)
        weights = np.concatenate([plan.draw((outputs, int(seen)), fan_out) for seen in windows])
        connections = local_connections(tiling, channels, mixing)
        layer = target or self._grow(shape, plan)
        return self._connect(self._neurons(source), connections, weights, layer, plan.delay)

    def convolution(
        self,
        source: Layer,
        input_block: int,
        window: int,
        output_block: int,
        channels: int,
        *,
        mixing: bool = True,
        target: Layer | None = None,
        **options: Unpack[LayerOptions],
    ) -> Layer:
        """Connect windows as `local` does, with the same weights and one bias a channel everywhere.

        Parameters and errors are those of `local`. Weights are numbered (window row, window column,
        input channel, block row, block column, output channel); a window clipped at the edge leaves
        out those beyond it, as if the image went on with zeros.
        """
        plan = Plan(**options)
        tiling, groups = _tiling(source, (input_block, window, output_block), channels, mixing)
        shape = self._tiled_shape(plan, tiling, channels, target)
        outputs, inputs = output_block**2 * channels, window**2 * source.shape.channels // groups
        fan_out = outputs // groups * (window / input_block) ** 2
        weights = plan.draw((outputs, inputs), fan_out).reshape(outputs, inputs).T.ravel()
        connections = convolution_connections(tiling, channels, mixing)
        layer = target or self._grow(shape, plan, shared_bias=True)
        return self._connect(self._neurons(source), connections, weights, layer, plan.delay)

    def _neurons(self, source: Source) -> np.ndarray:
        layers = [source] if isinstance(source, Layer) else list(source)
        for layer in layers:
            self._check_own(layer)
        return np.concatenate([np.arange(layer.first, layer.neurons.stop) for layer in layers])

    def _check_own(self, layer: Layer) -> None:
        if layer not in self.layers:
            raise ValueError(f"layer {layer.name!r} does not belong to this graph")

    def _shape(self, plan: Plan, shape: Shape | int | None, target: Layer | None) -> Shape:
        """Return the shape of the target layer, new or existing, after checking it."""
        if (shape is None) == (target is None):
            raise ValueError("give the shape of a new layer, or an existing target: one of the two")
        if target is None:
            new = _image_shape(shape)  # type: ignore[arg-type]
            self.check_layer(plan.name, new)
            return new
        self._check_own(target)
        if (plan.activation, plan.bias, plan.name) != (None, None, None):
            raise ValueError(f"layer {target.name!r} exists: it keeps its activation, biases and name")
        if self.kinds[target.first] == Kind.INPUT:
            raise ValueError(f"layer {target.name!r} holds inputs: nothing can be connected to them")
        return target.shape

    def _tiled_shape(self, plan: Plan, tiling: Tiling, channels: int, target: Layer | None) -> Shape:
        """Return the shape of a tiling's output, which an existing target must have."""
        shape = Shape(tiling.output_height, tiling.output_width, channels)
        if self._shape(plan, None if target else shape, target) != shape:
            raise ValueError(f"the windows make {shape}, but layer {target.name!r} is {target.shape}")  # type: ignore[union-attr]
        return shape

    def _grow(self, shape: Shape, plan: Plan, shared_bias: bool = False) -> Layer:
        return self.unconnected(
            shape,
            generator=plan.generator,
            activation=plan.activation or LeakyReLU(),
            bias=plan.bias or BiasInitializer(),
            name=plan.name,
            shared_bias=shared_bias,
        )

    def _connect(
        self, neurons: np.ndarray, connections: Connections, weights: np.ndarray, target: Layer, delay: int
    ) -> Layer:
        """Connect the neurons of a source to a layer."""
        numbers = connections.numbers + self.add_weights(weights)
        self.add_connections(neurons[connections.sources], connections.targets + target.first, numbers, delay)
        return target


def _tiling(source: Layer, sides: tuple[int, int, int], channels: int, mixing: bool) -> tuple[Tiling, int]:
    """Return the tiling of a source, and the number of groups of channels."""
    groups = 1 if mixing else source.shape.channels
    if channels < 1 or channels % groups:
        raise ValueError(
            f"{channels} output channels are not a multiple of the {groups} input channels: "
            "without mixing every input channel has its own outputs"
        )
    return Tiling(source.shape, *sides), groups


def _image_shape(shape: Shape | int) -> Shape:
    """Return the shape of a layer that is given as one, or as its number of units."""
    sides: tuple[int, ...] = layer_shape("layer", shape) if isinstance(shape, int | Number) else shape
    return Shape(*sides)
