"""Where connections would have the largest gradients."""

from __future__ import annotations

import numpy as np

from networks.base.rewired_graph import RewiredGraph
from networks.sparse_training.moves import largest
from networks.sparse_training.places import Group
from nn.kernels.graph.candidates import gradient_sizes

BLOCK = 1 << 22
"""Gradients that are looked at together: 16 MiB of float32, however large the layers are."""


def steepest_places(network: RewiredGraph, group: Group, occupied: np.ndarray, count: int) -> np.ndarray:
    """Return the places with the largest gradients among those that are not occupied, ascending.

    Parameters
    ----------
    network
        Between the backward and the update of a step.
    group
        Of its graph.
    occupied
        Places that are left out, ascending.
    count
        How many; of equal ones the first.

    Returns
    -------
    ndarray
        int64 (count,).
    """
    steps = slice(0, network.values.shape[0] - group.delay), slice(group.delay, None)
    entries = slice(0, network.entries)
    values = np.ascontiguousarray(network.values[steps[0], group.source.span, entries])
    deltas = np.ascontiguousarray(network.deltas(group.target)[steps[1], :, entries])
    rows = max(1, BLOCK // group.source.size)
    best, places = np.zeros(0, network.dtype), np.zeros(0, np.int64)
    for first in range(0, group.target.size, rows):
        block = np.ascontiguousarray(deltas[:, first : first + rows])
        sizes = np.empty((block.shape[1], group.source.size), network.dtype)
        gradient_sizes(block, values, sizes)
        begin, flat = first * group.source.size, sizes.reshape(-1)
        here = np.searchsorted(occupied, [begin, begin + len(flat)])
        flat[occupied[slice(*here)] - begin] = -1
        best, places = np.append(best, flat), np.append(places, begin + np.arange(len(flat)))
        chosen = largest(best, min(count, len(best)))
        best, places = best[chosen], places[chosen]
    return places
