"""Who is connected to whom in one layer, and where the weights of those connections lie in its network.

Neurons are flat indices into the layer, or into the layer before; places are positions in the network's
flat weights. Every kind of layer has its own arithmetic for them: no list of connections is kept but the
one that a graph has anyway.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from networks.dense import Dense
from networks.graph import GraphNetwork
from nn.graph import Layer
from nn.image import Box
from workbench.errors import AddressError


class Ends(NamedTuple):
    """Some connections.

    Attributes
    ----------
    neurons
        At the other end: int32 (n,).
    places
        Of their weights: int64 (n,).
    """

    neurons: np.ndarray
    places: np.ndarray


class Rows(NamedTuple):
    """The weights into every neuron of a layer, one neuron after another.

    Attributes
    ----------
    places
        Of all weights: a slice where they lie together in this order, else int64 (connections,).
    starts
        Where the weights of each row begin among them, int64 (neurons,).
    neurons
        Whose weights each row has, int64 (neurons,); rows without any weight are left out.
    """

    places: slice | np.ndarray
    starts: np.ndarray
    neurons: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """How many weights each row has, int64 (neurons,)."""
        places = self.places
        count = places.stop - places.start if isinstance(places, slice) else len(places)
        return np.diff(self.starts, append=count)


class Wiring(Protocol):
    """The connections of a layer."""

    @property
    def count(self) -> int:
        """How many there are."""

    def biases(self) -> np.ndarray:
        """Return where the biases lie among those of the network, int64 (neurons,), -1 for none."""

    def weight(self, target: int, source: int) -> int:
        """Return where the weight of a connection lies.

        Raises
        ------
        AddressError
            When there is no such connection, or its weight is fixed.
        """

    def incoming(self, neuron: int) -> Ends:
        """Return the connections into a neuron."""

    def outgoing(self, neuron: int) -> Ends:
        """Return the connections out of a neuron of the layer before."""

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the sources and targets, int64 (n,) each, of weights at positions within `rows`."""

    def rows(self) -> Rows:
        """Return the weights of all neurons."""

    def window(self, neuron: int) -> Box | None:
        """Return which pixels of the layer before a neuron sees; None where it has no window."""


class DenseWiring:
    """All neurons connected to all: weights are (outputs, inputs), row by row."""

    def __init__(self, network: Dense) -> None:
        self.outputs, self.inputs = network.output_shape.size, network.input_shape.size

    @property
    def count(self) -> int:
        """Outputs times inputs."""
        return self.outputs * self.inputs

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        return np.arange(self.outputs)

    def weight(self, target: int, source: int) -> int:
        """See `Wiring.weight`."""
        return target * self.inputs + source

    def incoming(self, neuron: int) -> Ends:
        """See `Wiring.incoming`."""
        sources = np.arange(self.inputs)
        return Ends(sources.astype(np.int32), neuron * self.inputs + sources)

    def outgoing(self, neuron: int) -> Ends:
        """See `Wiring.outgoing`."""
        targets = np.arange(self.outputs)
        return Ends(targets.astype(np.int32), targets * self.inputs + neuron)

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        targets, sources = np.divmod(positions, self.inputs)
        return sources, targets

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        neurons = np.arange(self.outputs)
        return Rows(slice(0, self.count), neurons * self.inputs, neurons)

    def window(self, neuron: int) -> Box | None:
        """A dense layer sees everything."""
        return None


class GraphWiring:
    """A layer of a graph, connected to the layer before it.

    Parameters
    ----------
    network
        Any rung.
    before, layer
        Neighbours in the graph.
    """

    def __init__(self, network: GraphNetwork, before: Layer, layer: Layer) -> None:
        self.graph, self.before, self.layer = network.graph, before, layer

    @property
    def count(self) -> int:
        """Connections into the layer."""
        starts = self.graph.by_target.starts
        return int(starts[self.layer.neurons.stop] - starts[self.layer.first])

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        return self.graph.bias_of[self.layer.span]

    def weight(self, target: int, source: int) -> int:
        """See `Wiring.weight`."""
        into = self.graph.by_target.of(self.layer.first + target)
        found = into[self.graph.sources[into] == self.before.first + source]
        if not len(found):
            raise AddressError(f"there is no connection from neuron {source} to neuron {target}")
        place = int(self.graph.weight_of[found[0]])
        if place < 0:
            raise AddressError(f"the connection from neuron {source} to neuron {target} is fixed at 1")
        return place

    def incoming(self, neuron: int) -> Ends:
        """See `Wiring.incoming`."""
        into = self.graph.by_target.of(self.layer.first + neuron)
        return self._ends(into, self.graph.sources, self.before)

    def outgoing(self, neuron: int) -> Ends:
        """See `Wiring.outgoing`."""
        out = self.graph.by_source.of(self.before.first + neuron)
        return self._ends(out, self.graph.targets, self.layer)

    def _ends(self, connections: np.ndarray, column: np.ndarray, layer: Layer) -> Ends:
        """Keep the connections that have a weight and whose other end is in a layer."""
        places, neurons = self.graph.weight_of[connections], column[connections]
        kept = (places >= 0) & (neurons >= layer.first) & (neurons < layer.neurons.stop)
        return Ends((neurons[kept] - layer.first).astype(np.int32), places[kept].astype(np.int64))

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        connections = self._connections[positions]
        sources = self.graph.sources[connections] - self.before.first
        return sources.astype(np.int64), self.graph.targets[connections].astype(np.int64) - self.layer.first

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        connections = self._connections
        places = self.graph.weight_of[connections].astype(np.int64)
        neurons, starts = np.unique(self.graph.targets[connections], return_index=True)
        together = len(places) and bool(np.all(np.diff(places) == 1))
        lying = slice(int(places[0]), int(places[-1]) + 1) if together else places
        return Rows(lying, starts, neurons.astype(np.int64) - self.layer.first)

    @cached_property
    def _connections(self) -> np.ndarray:
        """Return the connections from the layer before that have a weight, sorted by target."""
        starts, items = self.graph.by_target
        into = items[starts[self.layer.first] : starts[self.layer.neurons.stop]]
        sources = self.graph.sources[into]
        inside = (sources >= self.before.first) & (sources < self.before.neurons.stop)
        return into[inside & (self.graph.weight_of[into] >= 0)]

    def window(self, neuron: int) -> Box | None:
        """A graph has no windows."""
        return None


def largest(sizes: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the largest of some numbers, at most so many, the largest first."""
    count = min(count, len(sizes))
    chosen = np.argpartition(sizes, len(sizes) - count)[len(sizes) - count :] if count else np.zeros(0, int)
    return chosen[np.lexsort((chosen, -sizes[chosen]))]
