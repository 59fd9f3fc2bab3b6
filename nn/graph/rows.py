"""A graph laid out for kernels: connections as compressed rows, and work cut into chunks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nn.graph import Graph
from nn.graph.columns import compress, ranges
from nn.graph.neuron import Kind

CHUNK = 2048
"""Smallest amount of work for a thread of its own, in connections; a parallel region costs microseconds."""

RUN = 64
"""Most neurons of a run: their rows should still be in the nearest cache when the run is complete."""

CHUNKS = 128
"""Most chunks of one stage: enough for every thread to get its share of a few threads or many."""


class SortedRows(NamedTuple):
    """Compressed rows: the connections of row p are `connections[starts[p] : starts[p + 1]]`."""

    starts: np.ndarray
    connections: np.ndarray


def sort_rows(starts: np.ndarray, items: np.ndarray, order: np.ndarray) -> SortedRows:
    """Return compressed rows with their rows in another order."""
    sizes = starts[order + 1] - starts[order]
    return SortedRows(running_sum(sizes), items[ranges(starts[order], starts[order + 1])])


def running_sum(sizes: np.ndarray) -> np.ndarray:
    """Return where each of some neighbouring ranges begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(sizes)])


def offsets(rows: np.ndarray, delays: np.ndarray, step: int) -> np.ndarray:
    """Return rows moved by `delay * step` rows, int32.

    Raises
    ------
    ValueError
        When there are too many for int32.
    """
    moved = rows + delays.astype(np.int64) * step
    if moved.size and max(-moved.min(), moved.max()) > np.iinfo(np.int32).max:
        raise ValueError(
            f"a delay of {delays.max()} steps over {abs(step)} rows is too far: shorten it or split the graph"
        )
    return moved.astype(np.int32)


def first_numbers(starts: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the first number of every row whose numbers run on without a gap; -1 for other rows."""
    gaps = running_sum(np.diff(numbers) != 1)
    begin, end = starts[:-1], starts[1:]
    firsts = np.full(len(begin), -1, np.int32)
    filled = np.flatnonzero(end > begin)
    first = numbers[begin[filled]]
    gapless = (gaps[end[filled] - 1] == gaps[begin[filled]]) & (first >= 0)
    firsts[filled[gapless]] = first[gapless]
    return firsts


def cut_into_chunks(work: np.ndarray, begin: int = 0) -> list[int]:
    """Cut neighbouring items into chunks of about equal work; return their bounds, counted from `begin`."""
    ends = np.cumsum(work)
    total = int(ends[-1]) if len(ends) else 0
    chunks = min(max(total // CHUNK, 1), CHUNKS)
    inner = np.searchsorted(ends, np.arange(1, chunks) * total / chunks) + 1
    return [begin, *(begin + inner).tolist(), begin + len(work)]


def stages(level_starts: np.ndarray, work: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut levels into chunks that can run at the same time; levels too small for that are joined.

    Parameters
    ----------
    level_starts
        Where the levels begin among the positions, and where the last one ends.
    work
        Of every position, in connections.

    Returns
    -------
    stages, bounds
        int64: the first chunk of every stage, and where every chunk begins; with the end of the last.
    """
    firsts, bounds = [0], [0]
    alone = False
    for begin, end in zip(level_starts[:-1].tolist(), level_starts[1:].tolist(), strict=True):
        chunks = cut_into_chunks(work[begin:end], begin)[1:]
        if alone and len(chunks) == 1:
            bounds[-1] = end
            continue
        alone = len(chunks) == 1
        bounds.extend(chunks)
        firsts.append(len(bounds) - 1)
    return np.array(firsts), np.array(bounds)


class NeuronOrder(NamedTuple):
    """Neurons sorted by level, then by part, then by index; last level first where it is `backward`.

    Attributes
    ----------
    neurons
        int64 (neurons,).
    starts
        Where the levels begin, and where the last one ends, int64 (levels + 1,).
    """

    neurons: np.ndarray
    starts: np.ndarray


def part_order(wiring: Graph, parts: np.ndarray, *, backward: bool = False) -> NeuronOrder:
    """Sort the neurons of a graph for a pass in one of the directions."""
    neurons, starts = wiring.levels
    sizes = np.diff(starts)
    levels = np.empty(len(neurons), np.int64)
    levels[neurons] = np.repeat(np.arange(len(sizes)), sizes)
    if backward:
        return NeuronOrder(np.lexsort((parts, -levels)), running_sum(sizes[::-1]))
    return NeuronOrder(np.lexsort((parts, levels)), starts)


def run_ends(wiring: Graph, order: NeuronOrder, activation_of: np.ndarray) -> np.ndarray:
    """Return for every position the end of its run, int32.

    A run is a number of neighbours, in memory too, of one level, kind and activation; `activation_of` numbers
    the activation of every neuron, (neurons,).
    """
    neurons, positions = order.neurons, np.arange(len(order.neurons))
    like = np.stack([neurons - positions, wiring.kinds[neurons], activation_of[neurons]])
    begins = np.ones(len(neurons) + 1, bool)
    begins[1:-1] = (np.diff(like) != 0).any(axis=0)
    begins[order.starts] = True
    run_begin = np.maximum.accumulate(np.where(begins[:-1], positions, 0))
    begins[:-1] |= (positions - run_begin) % RUN == 0
    bounds = np.flatnonzero(begins)
    return np.repeat(bounds[1:], np.diff(bounds)).astype(np.int32)


def level_shares(wiring: Graph, count: int) -> np.ndarray:
    """Divide every level into `count` parts by index: the part of every neuron, int64 (neurons,)."""
    neurons, starts = wiring.levels
    sizes = np.diff(starts)
    rank = np.arange(len(neurons)) - np.repeat(starts[:-1], sizes)
    shares = np.empty(len(neurons), np.int64)
    shares[neurons] = rank * count // np.repeat(sizes, sizes)
    return shares


def slope_rows(wiring: Graph) -> np.ndarray:
    """Return the row of deltas that holds every connection's slopes, int64 (connections,).

    Connections into a sum share its delta; those into products have rows of their own, behind the
    rows of the neurons, next to each other for each product.
    """
    rows = wiring.targets.astype(np.int64)
    into = wiring.by_target.items[wiring.kinds[wiring.targets[wiring.by_target.items]] == Kind.PRODUCT]
    rows[into] = wiring.neuron_count + np.arange(len(into))
    return rows


def carried_once(numbers: np.ndarray, count: int) -> np.ndarray:
    """Return, for every position, whether its number, below `count`, occurs nowhere else; false for -1."""
    uses = np.bincount(numbers[numbers >= 0], minlength=count)
    once = numbers >= 0
    once[once] = uses[numbers[once]] == 1
    return once


def carriers(numbers: np.ndarray, count: int) -> tuple[np.ndarray, SortedRows]:
    """List the carriers of each number below `count` that has any; -1 is left out.

    Returns
    -------
    number, rows
        The numbers, ascending, and compressed rows of the positions where they stand.
    """
    found = compress(numbers, count)
    used = np.flatnonzero(np.diff(found.starts))
    return used, sort_rows(found.starts, found.items, used)
