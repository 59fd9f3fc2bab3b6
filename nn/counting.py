"""What counts in a batch: its active entries, and what a mask lets count of them.

A batch of N histories may hold fewer entries; the rest only fills up a vector. A mask gives every
output, or every position (all classes or channels together), a weight in [0, 1].
"""

from __future__ import annotations

import math

import numpy as np


def active_entries(histories: int, entries: int | None) -> int:
    """Return how many of the histories are active: `entries`, or all where it is None.

    Raises
    ------
    ValueError
        When none is, or there are fewer histories.
    """
    entries = histories if entries is None else entries
    if not 0 < entries <= histories:
        raise ValueError(f"{entries} active entries of {histories}: at least one must count")
    return entries


def position_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one number per position: outputs (..., features, N) become (..., 1, N)."""
    return *shape[:-2], 1, shape[-1]


def active_mask(mask: np.ndarray, shape: tuple[int, ...], entries: int) -> np.ndarray:
    """Return a mask's weights for the active entries.

    Parameters
    ----------
    mask
        bool or float, broadcastable to `shape`.
    shape
        (..., N): what the mask is for.
    entries
        How many of the N are active.

    Returns
    -------
    ndarray
        (..., entries): a view that repeats the mask's numbers where it was broadcast.

    Raises
    ------
    ValueError
        When the mask does not broadcast to the shape.
    """
    return _broadcast(mask, shape)[..., :entries]


def total_weight(mask: np.ndarray | None, shape: tuple[int, ...], entries: int) -> float:
    """Return the sum of what `active_mask` returns; how many numbers are active without a mask."""
    active = math.prod(shape[:-1]) * entries
    if mask is None:
        return float(active)
    _broadcast(mask, shape)
    own = np.atleast_1d(mask)[..., :entries]  # its own numbers only, each counted as often as it is repeated
    return float(own.sum(dtype=np.float64)) * (active / own.size)


def _broadcast(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return np.broadcast_to(mask, shape)
    except ValueError as error:
        raise ValueError(
            f"the mask has shape {np.shape(mask)}, expected {shape} or one that broadcasts to it"
        ) from error
