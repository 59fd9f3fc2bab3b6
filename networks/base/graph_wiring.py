"""The connections of a layer of a graph, from the lists of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from networks.base.wiring import FIXED, Connections, NoConnectionError, Rows, Wiring
from nn.graph import Graph, Layer

if TYPE_CHECKING:
    from networks.base.inspectable_graph import InspectableGraph


class GraphWiring(Wiring):
    """A layer of a graph, connected to the layer before it.

    Parameters
    ----------
    network
        That runs the graph; its connections may move.
    before, layer
        Neighbours in it.
    weights, biases
        Where those of the graph begin.
    """

    def __init__(
        self, network: InspectableGraph, before: Layer, layer: Layer, weights: int, biases: int
    ) -> None:
        super().__init__(layer.shape.size)
        self.network, self.before, self.layer = network, before, layer
        self._weights, self._biases = weights, biases
        self._found: tuple[Graph, np.ndarray] | None = None

    @property
    def graph(self) -> Graph:
        """The wiring as it is now."""
        return self.network.graph

    @property
    def count(self) -> int:
        """Connections into the layer."""
        starts = self.graph.by_target.starts
        return int(starts[self.layer.neurons.stop] - starts[self.layer.first])

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        biases = self.graph.bias_of[self.layer.span]
        return np.where(biases < 0, FIXED, biases + self._biases)

    def weight(self, target: int, source: int) -> int:
        """See `Wiring.weight`."""
        into = self.graph.by_target.of(self.layer.first + target)
        found = into[self.graph.sources[into] == self.before.first + source]
        if not len(found):
            raise NoConnectionError(f"there is no connection from neuron {source} to neuron {target}")
        place = int(self.graph.weight_of[found[0]])
        if place < 0:
            raise NoConnectionError(f"the connection from neuron {source} to neuron {target} is fixed at 1")
        return self._weights + place

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        into = self.graph.by_target.of(self.layer.first + neuron)
        return self._connected(into, self.graph.sources, self.before)

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        out = self.graph.by_source.of(self.before.first + neuron)
        return self._connected(out, self.graph.targets, self.layer)

    def _connected(self, connections: np.ndarray, column: np.ndarray, layer: Layer) -> Connections:
        """Keep the connections that have a weight and whose other end is in a layer."""
        places, neurons = self.graph.weight_of[connections], column[connections]
        kept = (places >= 0) & (neurons >= layer.first) & (neurons < layer.neurons.stop)
        found = (neurons[kept] - layer.first).astype(np.int32)
        return Connections(found, self._weights + places[kept].astype(np.int64))

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
        row_of = np.full(self.targets, -1)
        row_of[neurons - self.layer.first] = np.arange(len(neurons))
        together = len(places) and bool(np.all(np.diff(places) == 1))
        lying = slice(int(places[0]), int(places[-1]) + 1) if together else places
        return Rows(lying, starts, row_of).shifted(self._weights)

    @property
    def _connections(self) -> np.ndarray:
        """Return the connections from the layer before that have a weight, sorted by target."""
        graph = self.graph
        if self._found is None or self._found[0] is not graph:
            starts, items = graph.by_target
            into = items[starts[self.layer.first] : starts[self.layer.neurons.stop]]
            sources = graph.sources[into]
            inside = (sources >= self.before.first) & (sources < self.before.neurons.stop)
            self._found = graph, into[inside & (graph.weight_of[into] >= 0)]
        return self._found[1]
