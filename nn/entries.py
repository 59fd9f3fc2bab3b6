"""Batches, with the entries first as users have them, and histories, with the entries last."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from nn.history import LANES, aligned_zeros, padded
from nn.kernels.core.product import transpose
from nn.kernels.core.tile import Rows, Target
from nn.pixel_scaling import WHITE, are_byte_images

WORTH_A_KERNEL = 4096
"""Numbers from which a call of the kernel pays."""


def to_history(batch: np.ndarray, dtype: DTypeLike = np.float32, *, targets: bool = False) -> np.ndarray:
    """Turn a batch into histories.

    Parameters
    ----------
    batch
        (N, height, width, channels) or, in general, (N, ...). Images and videos in bytes become 0 to 1, as
        in `nn.training.ArrayBatches`; see `nn.pixel_scaling`.
    dtype
        Of the result.
    targets
        Whether it is a batch of targets, whose numbers stay as they are.

    Returns
    -------
    ndarray
        (height, width, channels, padded(N)) on a cache line; unused entries are zero.
    """
    entries = len(batch)
    values = aligned_zeros((*batch.shape[1:], padded(entries)), dtype)
    rows = values.reshape(-1, values.shape[-1])
    done = turn(batch.reshape(entries, -1), rows)
    rows[done:, :entries] = batch.reshape(entries, -1)[:, done:].T
    if not targets and are_byte_images(batch):
        values /= values.dtype.type(WHITE)
    return values


def from_history(values: np.ndarray, entries: int) -> np.ndarray:
    """Turn histories back into a batch.

    Parameters
    ----------
    values
        (height, width, channels, N) or, in general, (..., N).
    entries
        How many of the N entries are active.

    Returns
    -------
    ndarray
        A contiguous copy (entries, height, width, channels).
    """
    rows = values.reshape(-1, values.shape[-1])
    batch = np.empty((entries, *values.shape[:-1]), values.dtype)
    done = turn(rows[:, :entries], batch.reshape(entries, -1))
    batch.reshape(entries, -1)[done:] = rows[:, done:entries].T
    return batch


def turn(rows: np.ndarray, columns: np.ndarray) -> int:
    """Write rows as columns by a kernel, ten times as fast as NumPy, where both are of one kind and large.

    Returns
    -------
    int
        How many rows of `columns` are written; the others are left to the caller.
    """
    whole = rows.shape[1] // LANES * LANES
    kinds = {(each.dtype.char, each.strides[1] == each.itemsize) for each in (rows, columns)}
    if rows.size < WORTH_A_KERNEL or kinds not in ({("f", True)}, {("d", True)}):
        return 0
    source, target = (each.strides[0] // each.itemsize for each in (rows, columns))
    transpose(Rows(_flat(rows), 0, source, 1), Target(_flat(columns), 0, target), len(rows), whole)
    return whole


def _flat(rows: np.ndarray) -> np.ndarray:
    """Return the memory from the first number of rows to the last, gaps between rows included."""
    apart = rows.strides[0] // rows.itemsize
    count = (len(rows) - 1) * apart + rows.shape[1]
    return np.lib.stride_tricks.as_strided(rows, (count,), (rows.itemsize,))
