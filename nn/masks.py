"""Masks: the active entries of a batch, and their weights.

A batch of N histories may hold fewer entries; the rest is padding. A mask gives every
output, or every position (all classes or channels together), a weight. A weight of 0 excludes: the value
there is never used, so it may be anything, NaN included.
"""

from __future__ import annotations

import math

import numpy as np

LARGEST = float(np.finfo(np.float64).max)


def active_entries(histories: int, entries: int | None) -> int:
    """Return how many of the histories are active: `entries`, or all where it is None.

    Raises
    ------
    ValueError
        When it is below 1, or there are fewer histories.
    """
    entries = histories if entries is None else entries
    if not 0 < entries <= histories:
        raise ValueError(f"{entries} active entries of {histories}: at least one must count")
    return entries


def position_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one number per position: outputs (..., features, N) become (..., 1, N)."""
    return *shape[:-2], 1, shape[-1]


def active_mask(
    mask: np.ndarray, shape: tuple[int, ...], entries: int, largest: float = LARGEST
) -> np.ndarray:
    """Return a mask's weights for the active entries.

    Parameters
    ----------
    mask
        bool or numbers of at least 0, broadcastable to `shape`.
    shape
        (..., N): what the mask is for.
    entries
        How many of the N are active.
    largest
        What no weight may be above; the largest float by default.

    Returns
    -------
    ndarray
        (..., entries): a view that repeats the mask's numbers where it was broadcast.

    Raises
    ------
    ValueError
        When the mask does not broadcast to the shape, or a weight is NaN, negative or above the largest.
    """
    return _checked(mask, shape, entries, largest)[0]


def total_weight(
    mask: np.ndarray | None, shape: tuple[int, ...], entries: int, largest: float = LARGEST
) -> float:
    """Return the sum of what `active_mask` returns; how many numbers are active without a mask."""
    active = math.prod(shape[:-1]) * entries
    if mask is None:
        return float(active)
    _, own = _checked(mask, shape, entries, largest)
    return float(own.sum(dtype=np.float64)) * (active / own.size)


def _checked(
    mask: np.ndarray, shape: tuple[int, ...], entries: int, largest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the active weights, broadcast, and its own numbers, each of which is repeated as often."""
    try:
        weights = np.broadcast_to(mask, shape)[..., :entries]
    except ValueError as error:
        raise ValueError(
            f"the mask has shape {np.shape(mask)}, expected {shape} or one that broadcasts to it"
        ) from error
    own = np.atleast_1d(mask)[..., :entries]
    if own.dtype.kind not in "bfiu":
        raise ValueError(f"the mask is {own.dtype}, expected bool or numbers")
    if own.dtype != np.bool_ and own.size and not (own.min() >= 0 and float(own.max()) <= largest):
        place = tuple(int(each) for each in np.argwhere(~((own >= 0) & (own.astype(float) <= largest)))[0])
        raise ValueError(f"the mask is {own[place]} at {place}: weights must be in [0, {largest:g}]")
    return weights, own
