"""Which connections of a graph may move, and where to: places between two layers.

A place is a pair of neurons, numbered by target and then by source. A connection moves among the places
between the two layers that it connects, with its delay, so that these layers keep their density.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.graph import CycleError, Graph, Kind, Layer
from nn.graph.levels import find_levels
from nn.graph.rows import carried_once


class Group(NamedTuple):
    """The connections from one layer to another that may move.

    Attributes
    ----------
    source, target, delay
        Of all of them.
    connections
        Their numbers in the graph, ascending, int64 (connections,).
    taken
        The place of each, int64 (connections,).
    barred
        Places where none may grow, ascending: it could close a cycle, or there is one that cannot move.
    """

    source: Layer
    target: Layer
    delay: int
    connections: np.ndarray
    taken: np.ndarray
    barred: np.ndarray

    @property
    def places(self) -> int:
        """Number of pairs of neurons."""
        return self.source.size * self.target.size

    @property
    def density(self) -> float:
        """Share of the places that is taken."""
        return len(self.connections) / self.places

    @property
    def free(self) -> int:
        """Number of places where a connection could grow if all are kept."""
        return self.places - len(self.occupied(np.arange(len(self.taken))))

    def share(self, fraction: float) -> float:
        """Return the share of the connections that can go: no more of them than there are free places."""
        return min(fraction, self.free / len(self.taken))

    def ends(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the sources and targets of places as indices in the graph."""
        return places % self.source.size + self.source.first, places // self.source.size + self.target.first

    def occupied(self, kept: np.ndarray) -> np.ndarray:
        """Return the places where nothing can grow when some connections are kept, ascending, each once."""
        return ascending(np.concatenate([self.taken[kept], self.barred]))


def movable_groups(graph: Graph, layers: Sequence[str] | None = None) -> list[Group]:
    """Return the groups of connections that have places to move to.

    Connections move where they lead from a layer to sums of a layer, with weights that are not shared. Layers
    that are fully connected have no places left.

    Parameters
    ----------
    graph
        Finished.
    layers
        Names of the layers whose incoming connections may move; None for all.

    Returns
    -------
    list of Group
        By target, by source, by delay.
    """
    numbers = _layer_numbers(graph)
    targets, sources = numbers[graph.targets], numbers[graph.sources]
    movable = carried_once(graph.weight_of, len(graph.weights)) & (targets >= 0) & (sources >= 0)
    movable &= graph.kinds[graph.targets] == Kind.SUM
    if layers is not None:
        named = [number for number, layer in enumerate(graph.layers) if layer.name in layers]
        movable &= np.isin(targets, named)
    order, count = _order(graph, numbers), len(graph.layers) + 1
    kinds = ((targets + 1) * count + sources + 1) * (int(graph.delays.max(initial=0)) + 1) + graph.delays
    groups = [
        _group(graph, np.flatnonzero(kinds == kind), movable, order) for kind in ascending(kinds[movable])
    ]
    return [group for group in groups if group.free]


def _layer_numbers(graph: Graph) -> np.ndarray:
    """Return the number of every neuron's layer, -1 where it is in none."""
    numbers = np.full(graph.neuron_count, -1)
    for number, layer in enumerate(graph.layers):
        numbers[layer.span] = number
    return numbers


def _group(graph: Graph, connections: np.ndarray, movable: np.ndarray, order: np.ndarray) -> Group:
    """Return the movable ones of the connections between two layers with one delay."""
    moves = movable[connections]
    first = connections[moves][0]
    ends = graph.layer_of(int(graph.sources[first])), graph.layer_of(int(graph.targets[first]))
    source, target = (layer for layer in ends if layer is not None)
    delay = int(graph.delays[first])
    taken = (graph.targets[connections].astype(np.int64) - target.first) * source.size
    taken += graph.sources[connections] - source.first
    barred = ascending(taken[~moves])
    if delay == 0 and order[source.span].max() >= order[target.span].min():
        backwards = order[source.span] >= order[target.span][:, None]
        barred = ascending(np.concatenate([barred, np.flatnonzero(backwards)]))
    return Group(source, target, delay, connections[moves], taken[moves], barred)


def _order(graph: Graph, numbers: np.ndarray) -> np.ndarray:
    """Return a number for every neuron, larger than that of any neuron that leads to it without delay.

    Where layers follow one another it is that of the layer, so that any of their neurons may be connected.
    """
    alone = numbers < 0
    nodes = np.where(alone, len(graph.layers) + np.cumsum(alone), numbers)
    now = graph.delays == 0
    count = int(nodes.max()) + 1
    pairs = ascending(nodes[graph.sources[now]] * count + nodes[graph.targets[now]])
    try:
        return _positions(*find_levels(pairs // count, pairs % count, count, str))[nodes]
    except CycleError:
        return _positions(*graph.levels)


def _positions(neurons: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the level of every neuron."""
    levels = np.empty(len(neurons), np.int64)
    levels[neurons] = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    return levels


def ascending(numbers: np.ndarray) -> np.ndarray:
    """Return the different ones of whole numbers, ascending, which is how most come."""
    if (numbers[1:] > numbers[:-1]).all():
        return numbers
    numbers = np.sort(numbers)
    return numbers[np.append(True, numbers[1:] > numbers[:-1])]
