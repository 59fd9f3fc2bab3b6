"""Moving connections: which go, where they go to, and what goes along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from networks.base.rewired_graph import RewiredGraph
from networks.sparse_training.places import Group
from nn.graph import Graph
from nn.graph.rows import carried_once
from nn.interrupts import uninterrupted
from nn.optimizer import Optimizer
from nn.parameters import Parameters


class Change(NamedTuple):
    """What happens in a group: the connections that are kept, and what grows instead of the others.

    Attributes
    ----------
    group
        Before.
    kept
        Positions in it, ascending.
    grown
        Places, one for each connection that is not kept.
    weights
        Of those, (grown,).
    """

    group: Group
    kept: np.ndarray
    grown: np.ndarray
    weights: np.ndarray


class Move(NamedTuple):
    """All connections of a graph after a move.

    Those of a group are sorted by target and source again: sums are computed in an order that does not depend
    on earlier moves, and weights that are read together lie together.

    Attributes
    ----------
    sources, targets
        Ends of the connections, int32 (connections,).
    origins
        The number that each had before, -1 for a new one; int64 (connections,).
    weights
        Of new connections, 0 elsewhere; float64 (connections,).
    """

    sources: np.ndarray
    targets: np.ndarray
    origins: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, graph: Graph, changes: Sequence[Change]) -> Self:
        """Return the move that changes groups of a graph."""
        count = graph.connection_count
        move = cls(graph.sources.copy(), graph.targets.copy(), np.arange(count), np.zeros(count))
        for group, kept, grown, weights in changes:
            places = np.concatenate([group.taken[kept], grown])
            order, numbers = np.argsort(places, kind="stable"), group.connections
            move.sources[numbers], move.targets[numbers] = group.ends(places[order])
            move.origins[numbers] = np.concatenate([numbers[kept], np.full(len(grown), -1)])[order]
            move.weights[numbers] = np.concatenate([np.zeros(len(kept)), weights])[order]
        return move

    def check(self, graph: Graph) -> None:
        """Refuse what cannot be a move of a graph.

        Raises
        ------
        ValueError
            Naming what does not fit.
        """
        origins, count = self.origins, graph.connection_count
        graph.rewired(self.sources, self.targets)
        if origins.shape != (count,) or origins.dtype.kind not in "iu":
            raise ValueError(f"origins are {origins.dtype} {origins.shape}, expected int64 ({count},)")
        kept = origins[origins != -1]
        if (origins < -1).any() or (origins >= count).any() or len(np.unique(kept)) != len(kept):
            raise ValueError(f"origins are not different connections of {count}")
        moved = origins != np.arange(count)
        if not carried_once(graph.weight_of, len(graph.weights))[moved].all():
            raise ValueError("origins: a connection without a weight of its own cannot move")


def make_move(move: Move, network: RewiredGraph, optimizer: Optimizer, whole: Parameters) -> None:
    """Move connections of a network, their weights, and what the optimizer keeps for these.

    Parameters
    ----------
    move
        Of the graph of the network.
    network, optimizer
        What is trained, between two steps.
    whole
        The parameters that the optimizer knows; those of the network are among them.

    Raises
    ------
    ValueError
        When the move does not fit; nothing is changed then.
    """
    weight_of, weights = network.graph.weight_of.astype(np.int64), network.weights
    moved = np.flatnonzero(move.origins != np.arange(len(move.origins)))
    new = move.origins[moved] < 0
    places, before = weight_of[moved], np.where(new, -1, weight_of[move.origins[moved]])
    start = network.parameters.start_within(whole) + network.parameters.slice_of("weights").start
    with uninterrupted:
        network.rewire(move.sources, move.targets)
        weights[places] = np.where(new, move.weights[moved], weights[before])
        optimizer.follow(start + places, np.where(new, -1, start + before))


def weakest(sizes: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the smallest sizes, ascending; of equal ones the first."""
    return largest(-sizes, count)


def largest(sizes: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the largest sizes, ascending; of equal ones the first."""
    if count == 0:
        return np.zeros(0, np.int64)
    last = np.partition(sizes, len(sizes) - count)[len(sizes) - count]
    chosen = sizes > last
    equal = np.flatnonzero(sizes == last)
    chosen[equal[: count - np.count_nonzero(chosen)]] = True
    return np.flatnonzero(chosen)


def random_places(
    group: Group, occupied: np.ndarray, count: int, *, generator: np.random.Generator
) -> np.ndarray:
    """Draw different places that are not occupied, all sets of them equally likely."""
    ranks = generator.choice(group.places - len(occupied), count, replace=False, shuffle=False)
    free_before = occupied - np.arange(len(occupied))
    return ranks + np.searchsorted(free_before, ranks, side="right")
