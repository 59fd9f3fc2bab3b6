"""Connections between single neurons, as every network describes them.

Neurons are flat indices into a layer, or into the layer before. Places are positions among the network's
own parameters, as they lie in `network.parameters.values`. Every family computes them: no list of connections
is stored but that of a graph.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

from nn.activations import Activation
from nn.shape import AnyShape, SequenceShape, Shape, VideoShape
from nn.tiling import Box

FIXED = -1
"""The place of a weight that is not a parameter."""


class NoConnectionError(ValueError):
    """Two neurons that are not connected: the message says what the target is connected to."""


class Connections(NamedTuple):
    """Some connections.

    Attributes
    ----------
    neurons
        At the other end: int32 (n,).
    places
        Of their weights, int64 (n,); FIXED where a connection has none that is learned.
    factors
        What connections without a place multiply by, float32 (n,); None stands for 1.
    """

    neurons: np.ndarray
    places: np.ndarray
    factors: np.ndarray | None = None

    @classmethod
    def none(cls) -> Self:
        """Return no connections at all."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int64))

    @classmethod
    def fixed(cls, neurons: np.ndarray, factors: np.ndarray | None = None) -> Self:
        """Return connections without weights that are learned."""
        given = None if factors is None else np.asarray(factors, np.float32)
        return cls(np.asarray(neurons, np.int32), np.full(len(neurons), FIXED, np.int64), given)

    def shifted(self, start: int) -> Connections:
        """Return them with parameters that begin further on."""
        return self._replace(places=np.where(self.places == FIXED, FIXED, self.places + start))

    def weights(self, parameters: np.ndarray) -> np.ndarray:
        """Return what they multiply by, float32 (n,), given the parameters, flat."""
        fixed = self.places == FIXED
        factors = np.float32(1) if self.factors is None else self.factors
        if not parameters.size:
            return np.broadcast_to(factors, self.places.shape).astype(np.float32)
        return np.where(fixed, factors, parameters[self.places]).astype(np.float32)


class Rows(NamedTuple):
    """The weights into the neurons of a layer, one set of weights after another.

    Attributes
    ----------
    places
        Of all weights: a slice where they lie together in this order, else int64 (weights,).
    starts
        Where the weights of each row begin among them, int64 (rows,); no row is empty.
    row_of
        Which row each neuron has, int64 (neurons,); -1 for none. Neurons that share weights share a row.
    """

    places: slice | np.ndarray
    starts: np.ndarray
    row_of: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """How many weights each row has, int64 (rows,)."""
        places = self.places
        count = places.stop - places.start if isinstance(places, slice) else len(places)
        return np.diff(self.starts, append=count)

    def shifted(self, start: int) -> Rows:
        """Return them with parameters that begin further on."""
        places = self.places
        if isinstance(places, slice):
            return self._replace(places=slice(places.start + start, places.stop + start))
        return self._replace(places=places + start)

    @classmethod
    def none(cls, neurons: int) -> Self:
        """Return no weights for so many neurons."""
        return cls(slice(0, 0), np.zeros(0, np.int64), np.full(neurons, -1))


class Wiring(ABC):
    """The connections between a layer and the one before.

    Parameters
    ----------
    targets
        How many neurons the layer has.
    """

    def __init__(self, targets: int) -> None:
        self.targets = targets

    @property
    @abstractmethod
    def count(self) -> int:
        """How many connections there are."""

    @abstractmethod
    def incoming(self, neuron: int) -> Connections:
        """Return the connections into a neuron."""

    @abstractmethod
    def outgoing(self, neuron: int) -> Connections:
        """Return the connections out of a neuron of the layer before."""

    def biases(self) -> np.ndarray:
        """Return where the biases lie, int64 (targets,); FIXED for none."""
        return np.full(self.targets, FIXED)

    def weight(self, target: int, source: int) -> int:
        """Return where the weight of a connection lies.

        Raises
        ------
        NoConnectionError
            When there is no such connection, or its weight is fixed.
        """
        into = self.incoming(target)
        found = into.places[into.neurons == source]
        if not len(found):
            raise NoConnectionError(
                f"there is no connection from neuron {source} to neuron {target}{self._seen(target)}"
            )
        if found[0] == FIXED:
            raise NoConnectionError(f"the connection from neuron {source} to neuron {target} is fixed")
        return int(found[0])

    def _seen(self, target: int) -> str:
        """Say what a neuron is connected to, after a colon; nothing where that takes many words."""
        return ""

    def rows(self) -> Rows:
        """Return the weights of all neurons."""
        return Rows.none(self.targets)

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the sources and targets, int64 (n,) each, of weights at positions within `rows`.

        Of a weight that several connections share, one of these; -1 where there is none at all.
        """
        nowhere = np.full(len(positions), -1)
        return nowhere, nowhere

    def window(self, neuron: int) -> Box | None:
        """Return which pixels of the layer before a neuron sees; None where it has no window."""
        return None


class Unconnected(Wiring):
    """A layer with unknown connections."""

    @property
    def count(self) -> int:
        """None."""
        return 0

    def incoming(self, neuron: int) -> Connections:
        """Return none."""
        return Connections.none()

    def outgoing(self, neuron: int) -> Connections:
        """Return none."""
        return Connections.none()


def _nothing() -> None:
    """Return no activation."""


@dataclass(frozen=True)
class NeuronLayer:
    """Neurons of a network that lie side by side, with their connections.

    Attributes
    ----------
    shape
        Height, width and channels in which they are looked at.
    wiring
        Connections from the layer before; of the first, from what the network takes.
    values, signals
        Give what the neurons had in the last forward and backward, (*shape, N) or any shape of as many.
    activation
        Gives what is applied to their sums, where there is anything.
    name
        Of the layer within its network; "" where it is the only one.
    family
        Of the network it is part of.
    delayed
        Connections from a layer, a step before.
    delayed_from
        Number of that layer among those of its network; None for the layer after.
    output_neurons
        Numbers of the neurons that are outputs of the network, int64 (outputs,); None for all in their order.
    sources
        Numbers of the layers that the wiring is from, among those of its network; -1 is the first input of
        the network, -2 the second. Their outputs lie one after another. None for the layer before, and
        for all inputs where there is none; without any, nothing of the same step is read.
    outputs
        Names of the outputs of a model that it is.
    start
        Where the parameters of its network begin among those that are looked into.
    clamp
        Clamps some neurons, by their numbers plus `first`, instead of those clamped before. None where
        neurons cannot be clamped.
    first
        Number of the first neuron for `clamp`.
    pictured
        Whether its values are brightnesses, in the range of those of the first input.
    """

    shape: Shape
    wiring: Wiring
    values: Callable[[], np.ndarray]
    signals: Callable[[], np.ndarray]
    activation: Callable[[], Activation | None] = _nothing
    name: str = ""
    family: str = ""
    delayed: Wiring | None = None
    delayed_from: int | None = None
    output_neurons: np.ndarray | None = None
    sources: tuple[int, ...] | None = None
    outputs: tuple[str, ...] = ()
    start: int = 0
    clamp: Callable[[dict[int, float]], Any] | None = None
    first: int = 0
    pictured: bool = False

    @property
    def output_count(self) -> int:
        """How many of the neurons are outputs of the network."""
        return self.shape.size if self.output_neurons is None else len(self.output_neurons)

    def within(self, name: str, start: int, **changes: Any) -> NeuronLayer:
        """Return the layer as one of a larger network, where its own network has a name."""
        joined = ".".join(part for part in (name, self.name) if part)
        return replace(self, name=joined, start=self.start + start, outputs=(), **changes)


def sources_within(layers: Sequence[NeuronLayer], first: int, inputs: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the sources of layers by their numbers in a larger network.

    Parameters
    ----------
    layers
        Of one network.
    first
        Number of the first of them in the larger one.
    inputs
        The numbers there of what the network takes.
    """
    found: list[tuple[int, ...]] = []
    for number, layer in enumerate(layers, first):
        if layer.sources is None:
            found.append((number - 1,) if number > first else tuple(inputs))
        else:
            found.append(tuple(inputs[-1 - each] if each < 0 else each + first for each in layer.sources))
    return found


def as_image(shape: AnyShape) -> Shape:
    """Return in which height, width and channels values are looked at: steps lie below one another."""
    if isinstance(shape, SequenceShape):
        return Shape(shape.steps, shape.features, 1)
    if isinstance(shape, VideoShape):
        return Shape(shape.steps * shape.height, shape.width, shape.channels)
    return Shape(*shape)


class OneToOne(Wiring):
    """Every neuron connected to the one of the same number.

    Parameters
    ----------
    targets
        How many.
    weights, biases
        Where those of every neuron lie, int64 (targets,); None for none.
    """

    def __init__(
        self, targets: int, weights: np.ndarray | None = None, biases: np.ndarray | None = None
    ) -> None:
        super().__init__(targets)
        self._weights, self._biases = weights, biases

    @property
    def count(self) -> int:
        """As many as neurons."""
        return self.targets

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        only = np.array([neuron], np.int32)
        return Connections.fixed(only) if self._weights is None else Connections(only, self._weights[only])

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        return self.incoming(neuron)

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        return super().biases() if self._biases is None else self._biases

    @cached_property
    def _shared(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The weights, a neuron for each, and which of them each neuron has."""
        assert self._weights is not None
        return np.unique(self._weights, return_index=True, return_inverse=True)

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        if self._weights is None:
            return super().rows()
        places, _, row_of = self._shared
        return Rows(places, np.arange(len(places)), row_of)

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        if self._weights is None:
            return super().ends(positions)
        neurons = self._shared[1][positions]
        return neurons, neurons


class Groups(Wiring):
    """Every neuron connected to all of its group, without weights.

    Parameters
    ----------
    targets
        How many neurons; groups of them lie one after another.
    size
        Of a group.
    weights, biases
        Where those of every neuron lie, int64 (targets,): weights are for the connection from the neuron of
        the same number. None for none.
    """

    def __init__(
        self, targets: int, size: int, weights: np.ndarray | None = None, biases: np.ndarray | None = None
    ) -> None:
        super().__init__(targets)
        self.size = size
        self._own = OneToOne(targets, weights, biases)

    @property
    def count(self) -> int:
        """Neurons times the size of a group."""
        return self.targets * self.size

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        first = neuron - neuron % self.size
        places = np.full(self.size, FIXED)
        places[neuron - first] = self._own.incoming(neuron).places[0]
        return Connections(np.arange(first, first + self.size, dtype=np.int32), places)

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        return self.incoming(neuron)

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        return self._own.biases()

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        return self._own.rows()

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        return self._own.ends(positions)


class AllToAll(Wiring):
    """All neurons connected to all of the layer before: weights are (targets, sources), row by row.

    Parameters
    ----------
    targets, sources
        How many.
    weights, biases
        Where they begin.
    """

    def __init__(self, targets: int, sources: int, weights: int, biases: int) -> None:
        super().__init__(targets)
        self.sources, self._weights, self._biases = sources, weights, biases

    @property
    def count(self) -> int:
        """Targets times sources."""
        return self.targets * self.sources

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        return self._biases + np.arange(self.targets)

    def weight(self, target: int, source: int) -> int:
        """See `Wiring.weight`."""
        return self._weights + target * self.sources + source

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        sources = np.arange(self.sources)
        return Connections(sources.astype(np.int32), self._weights + neuron * self.sources + sources)

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        targets = np.arange(self.targets)
        return Connections(targets.astype(np.int32), self._weights + targets * self.sources + neuron)

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        targets, sources = np.divmod(positions, self.sources)
        return sources, targets

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        rows = np.arange(self.targets)
        return Rows(slice(self._weights, self._weights + self.count), rows * self.sources, rows)


class Stacked(Wiring):
    """The same wiring for every step, with the same weights.

    Parameters
    ----------
    wiring
        Of one step.
    steps
        How many.
    sources
        Neurons of a step of each of the layers that are read. The layers lie one after another, each with all
        of its steps.
    lag
        How many steps before its own a neuron reads.
    """

    def __init__(self, wiring: Wiring, steps: int, sources: Sequence[int], lag: int = 0) -> None:
        super().__init__(steps * wiring.targets)
        self._wiring, self._steps, self._lag = wiring, steps, lag
        self._sizes = np.array(sources)
        self._starts = np.cumsum(self._sizes) - self._sizes

    @property
    def count(self) -> int:
        """Those of a step, for every step that has one so much before it."""
        return max(0, self._steps - abs(self._lag)) * self._wiring.count

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        step, within = divmod(neuron, self._wiring.targets)
        read = step - self._lag
        if not 0 <= read < self._steps:
            return Connections.none()
        found = self._wiring.incoming(within)
        return found._replace(neurons=self._sources_at(read, found.neurons).astype(np.int32))

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        layer = int(np.searchsorted(self._steps * self._starts, neuron, side="right")) - 1
        start = int(self._starts[layer])
        step, within = divmod(neuron - self._steps * start, int(self._sizes[layer]))
        reader = step + self._lag
        if not 0 <= reader < self._steps:
            return Connections.none()
        found = self._wiring.outgoing(start + within)
        return found._replace(neurons=found.neurons + np.int32(reader * self._wiring.targets))

    def _sources_at(self, step: int, sources: np.ndarray) -> np.ndarray:
        """Return the numbers among all steps, int64 (n,), of sources that are numbered within one step."""
        layers = np.searchsorted(self._starts, sources, side="right") - 1
        starts = self._starts[layers]
        return self._steps * starts + step * self._sizes[layers] + sources - starts

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        return np.tile(self._wiring.biases(), self._steps)

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        rows = self._wiring.rows()
        return rows._replace(row_of=np.tile(rows.row_of, self._steps))

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        sources, targets = self._wiring.ends(positions)
        target_step = max(0, self._lag)  # the first step that has one so much before it
        first = target_step - self._lag
        known = sources >= 0
        return (
            np.where(known, self._sources_at(first, sources), -1),
            np.where(known, targets + target_step * self._wiring.targets, -1),
        )

    def window(self, neuron: int) -> Box | None:
        """A window in one of many images that lie below one another is not looked at as one."""
        return None


class Expanded(Wiring):
    """Every neuron of the layer before connected to some neurons of its own, without fixed weights.

    Parameters
    ----------
    targets
        How many neurons.
    size
        Of them for each neuron before.
    """

    def __init__(self, targets: int, size: int) -> None:
        super().__init__(targets)
        self._size = size

    @property
    def count(self) -> int:
        """As many as neurons."""
        return self.targets

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        return Connections.fixed(np.array([neuron // self._size]))

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        return Connections.fixed(neuron * self._size + np.arange(self._size))


class Listed(Wiring):
    """Connections without weights from a list.

    Parameters
    ----------
    sources
        Of every neuron, int64 (targets, sources of each).
    """

    def __init__(self, sources: np.ndarray) -> None:
        super().__init__(len(sources))
        self._sources = sources

    @property
    def count(self) -> int:
        """As many as listed."""
        return self._sources.size

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        return Connections.fixed(self._sources[neuron])

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        return Connections.fixed(np.flatnonzero((self._sources == neuron).any(axis=1)))
