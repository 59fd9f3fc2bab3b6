"""The order in which the neurons of a graph are computed, and cycles, which have no order.

Connections without delay order the neurons: a neuron's level is the length of the longest path of
them that leads to it. All neurons of one level can be computed at the same time (Kahn 1962,
"Topological sorting of large networks", a level at a time).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nn.graph.columns import compress, ranges

NAMED = 12


class CycleError(ValueError):
    """A cycle of connections without delay: none of its neurons can be computed first.

    Attributes
    ----------
    neurons
        Indices of the neurons on the cycle, in the direction of the connections, the smallest first.
    """

    def __init__(self, neurons: list[int], names: list[str]) -> None:
        super().__init__(neurons, names)
        self.neurons, self._names = neurons, names

    def __str__(self) -> str:
        first, more = self._names[:NAMED], len(self._names) - NAMED
        path = [*first, f"({more} more)"] if more > 0 else first
        return f"cycle without delay: {' -> '.join([*path, first[0]])}; give one of its connections a delay"


class Levels(NamedTuple):
    """Neurons sorted by level, and by index within a level.

    Attributes
    ----------
    neurons
        int64 (neurons,).
    starts
        Where each level begins in `neurons`, and where the last one ends: int64 (levels + 1,).
    """

    neurons: np.ndarray
    starts: np.ndarray


def find_levels(
    sources: np.ndarray, targets: np.ndarray, count: int, name_of: Callable[[int], str]
) -> Levels:
    """Sort neurons so that every connection leads to a later level.

    Parameters
    ----------
    sources, targets
        Ends of the connections without delay, whole numbers below `count`.
    count
        Number of neurons.
    name_of
        Names a neuron in messages.

    Returns
    -------
    Levels

    Raises
    ------
    CycleError
        When the connections form a cycle.
    """
    outgoing = compress(sources, count)
    waiting = np.bincount(targets, minlength=count)
    ready = np.flatnonzero(waiting == 0)
    levels = []
    while ready.size:
        levels.append(ready)
        followers = outgoing.items[ranges(outgoing.starts[ready], outgoing.starts[ready + 1])]
        reached, times = np.unique(targets[followers], return_counts=True)
        waiting[reached] -= times
        ready = reached[waiting[reached] == 0]
    if waiting.any():
        cycle = _find_cycle(sources, targets, waiting > 0)
        raise CycleError(cycle, [name_of(neuron) for neuron in cycle])
    starts = np.cumsum([0, *(len(level) for level in levels)])
    return Levels(np.concatenate([np.empty(0, np.int64), *levels]), starts)


def _find_cycle(sources: np.ndarray, targets: np.ndarray, stuck: np.ndarray) -> list[int]:
    """Walk backwards among stuck neurons, each of which waits for another one, until one comes again."""
    among = stuck[sources] & stuck[targets]
    source_of = np.empty(len(stuck), np.int64)
    source_of[targets[among]] = sources[among]
    step_of: dict[int, int] = {}
    neuron = int(np.flatnonzero(stuck)[0])
    path: list[int] = []
    while neuron not in step_of:
        step_of[neuron] = len(path)
        path.append(neuron)
        neuron = int(source_of[neuron])
    cycle = path[step_of[neuron] :][::-1]
    smallest = cycle.index(min(cycle))
    return cycle[smallest:] + cycle[:smallest]
