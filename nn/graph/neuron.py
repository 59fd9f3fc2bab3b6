"""Neuron, Connection, Weight: handles to look at and edit one piece of a graph or of a network.

A handle is an owner and an index. Owned by a `Graph` it shows the wiring and the initial parameters;
owned by a network it shows the live ones too: the network uses what is written through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nn.activations import Activation
from nn.shape import Shape

if TYPE_CHECKING:
    from nn.graph import Graph


class Kind(IntEnum):
    """What a neuron does with its inputs."""

    INPUT = 0
    """An input: its value is given."""
    SUM = 1
    """f(bias + sum of weight * value)."""
    PRODUCT = 2
    """f(product of weight * value); every incoming connection is a factor."""


@dataclass(frozen=True)
class Layer:
    """Neurons that form an image; they lie one after another, channels fastest, then columns.

    Attributes
    ----------
    name
        Unique within the graph.
    shape
        Height, width, channels.
    first
        Index of the neuron at row 0, column 0, channel 0.
    """

    name: str
    shape: Shape
    first: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.shape.size

    @property
    def neurons(self) -> range:
        """Indices of the layer's neurons."""
        return range(self.first, self.first + self.size)

    @property
    def span(self) -> slice:
        """The same as a slice, for arrays over all neurons."""
        return slice(self.first, self.first + self.size)

    def index(self, row: int, column: int, channel: int = 0) -> int:
        """Return the index of the neuron at a place.

        Raises
        ------
        IndexError
            When the place is outside the layer.
        """
        place = row, column, channel
        if not all(0 <= part < side for part, side in zip(place, self.shape, strict=True)):
            raise IndexError(f"layer {self.name!r} of shape {self.shape} has no neuron at {place}")
        return self.first + int(np.ravel_multi_index(place, self.shape))


class Owner(Protocol):
    """What handles need of a graph or a network."""

    @property
    def graph(self) -> Graph:
        """The wiring."""

    @property
    def weights(self) -> np.ndarray:
        """All weights, (weights,)."""

    @property
    def biases(self) -> np.ndarray:
        """All biases, (biases,)."""


class _Handle:
    """An owner and an index."""

    __slots__ = ("index", "owner")

    def __init__(self, owner: Owner, index: int) -> None:
        self.owner = owner
        self.index = int(index)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Handle) or type(other) is not type(self):
            return NotImplemented
        return self.owner is other.owner and self.index == other.index

    def __hash__(self) -> int:
        return hash((type(self), id(self.owner), self.index))

    @property
    def _graph(self) -> Graph:
        return self.owner.graph

    @property
    def _network(self) -> Any:
        """The network behind the handle, which has values, signals and gradients."""
        if self.owner is self.owner.graph:
            raise AttributeError(
                "a graph has no values, signals or gradients: take the handle from a network made of it"
            )
        return self.owner


class Neuron(_Handle):
    """One neuron."""

    __slots__ = ()

    @property
    def kind(self) -> Kind:
        """Input, sum or product."""
        return Kind(self._graph.kinds[self.index])

    @property
    def activation(self) -> Activation:
        """Applied to the sum or product."""
        return self._graph.activations[self._graph.activation_of[self.index]]

    @property
    def bias(self) -> float | None:
        """Its bias, None where it has none; setting it sets it for all neurons that share it."""
        index = self._graph.bias_of[self.index]
        return None if index < 0 else float(self.owner.biases[index])

    @bias.setter
    def bias(self, value: float) -> None:
        index = self._graph.bias_of[self.index]
        if index < 0:
            raise ValueError(f"{self._graph.name_of(self.index)} has no bias to set")
        self.owner.biases[index] = value

    @property
    def bias_gradient(self) -> float | None:
        """Gradient of its bias, None where it has none."""
        index = self._graph.bias_of[self.index]
        return None if index < 0 else float(self._network.parameters.gradient("biases")[index])

    @property
    def incoming(self) -> list[Connection]:
        """Connections that lead to it, in the order in which they were made."""
        return [Connection(self.owner, index) for index in self._graph.by_target.of(self.index)]

    @property
    def outgoing(self) -> list[Connection]:
        """Connections that leave it, in the order in which they were made."""
        return [Connection(self.owner, index) for index in self._graph.by_source.of(self.index)]

    @property
    def layer(self) -> Layer | None:
        """The layer it belongs to, None where it was made on its own."""
        return self._graph.layer_of(self.index)

    @property
    def position(self) -> tuple[int, int, int] | None:
        """Row, column and channel in its layer."""
        layer = self.layer
        if layer is None:
            return None
        row, column, channel = np.unravel_index(self.index - layer.first, layer.shape)
        return int(row), int(column), int(channel)

    @property
    def values(self) -> np.ndarray:
        """Its values in the last forward, (T, N), as a view."""
        return self._network.values[:, self.index]

    @property
    def signals(self) -> np.ndarray:
        """Its error signals in the last backward, (T, N), as a view."""
        return self._network.signals[:, self.index]

    def __repr__(self) -> str:
        return f"<{self._graph.name_of(self.index)}: {self.kind.name.lower()}, {self.activation.name}>"


class Connection(_Handle):
    """One connection."""

    __slots__ = ()

    @property
    def source(self) -> Neuron:
        """Where it comes from."""
        return Neuron(self.owner, self._graph.sources[self.index])

    @property
    def target(self) -> Neuron:
        """Where it leads."""
        return Neuron(self.owner, self._graph.targets[self.index])

    @property
    def weight(self) -> Weight | None:
        """Its weight; None stands for a fixed 1 that is not trained."""
        index = self._graph.weight_of[self.index]
        return None if index < 0 else Weight(self.owner, index)

    @property
    def delay(self) -> int:
        """How many steps ago it reads its source; 0 is this step."""
        return int(self._graph.delays[self.index])

    def __repr__(self) -> str:
        names = self._graph.name_of(self.source.index), self._graph.name_of(self.target.index)
        weight = "1 (fixed)" if self.weight is None else f"{self.weight.value:.6g}"
        delay = f", delay {self.delay}" if self.delay else ""
        return f"<connection {self.index}: {names[0]} -> {names[1]}, weight {weight}{delay}>"


class Weight(_Handle):
    """One trainable weight, carried by one connection or shared by many."""

    __slots__ = ()

    @property
    def value(self) -> float:
        """Its value; initial in a graph, live in a network."""
        return float(self.owner.weights[self.index])

    @value.setter
    def value(self, value: float) -> None:
        self.owner.weights[self.index] = value

    @property
    def gradient(self) -> float:
        """Gradient of the loss, added up since the gradients were last cleared."""
        return float(self._network.parameters.gradient("weights")[self.index])

    @property
    def connections(self) -> list[Connection]:
        """The connections that carry it."""
        return [Connection(self.owner, index) for index in self._graph.by_weight.of(self.index)]

    def __repr__(self) -> str:
        return f"<weight {self.index}: {self.value:.6g}, {len(self.connections)} connections>"
