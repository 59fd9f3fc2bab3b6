"""Histories: the values of every neuron for every entry of the mini-batch.

The last axis is the history. Kernels work on whole vectors of `LANES` entries, so the axis is padded
up to a multiple of it: in arrays that begin on a cache line every row of float32 or float64 does too, and
every second one of bfloat16. Users see (N, H, W, C).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike

from nn.parameter_limit import check_memory

LANES = 16
"""Entries per vector: 64 bytes of float32. Rows of `LANES` float64 fill two cache lines."""

CACHE_LINE = 64


def padded(entries: int, multiple: int = LANES) -> int:
    """Round a number of entries up to whole vectors, or to another multiple."""
    return -(-entries // multiple) * multiple


def aligned_zeros(shape: int | Sequence[int], dtype: DTypeLike = np.float32) -> np.ndarray:
    """Return zeros whose first element lies on a cache line, so that vector loads never straddle two.

    Parameters
    ----------
    shape
        Length, or shape.
    dtype
        Of the elements.

    Returns
    -------
    ndarray
        Contiguous, of `shape` and `dtype`.

    Raises
    ------
    MemoryError
        When it is large and does not fit into memory; the message has the figures.
    """
    return _aligned(np.zeros, shape, dtype)


def aligned_empty(shape: int | Sequence[int], dtype: DTypeLike = np.float32) -> np.ndarray:
    """Return what `aligned_zeros` does with any numbers in it, for an array that is filled at once."""
    return _aligned(np.empty, shape, dtype)


def _aligned(make: Callable[..., np.ndarray], shape: int | Sequence[int], dtype: DTypeLike) -> np.ndarray:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    check_memory(size, "of memory", "use smaller batches", owner=f"an array of {shape}")
    memory = make(size + CACHE_LINE, np.uint8)
    start = -memory.__array_interface__["data"][0] % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def pad_histories(values: np.ndarray, multiple: int = LANES) -> np.ndarray:
    """Return values (..., N) contiguous, padded to whole vectors or another multiple; or as they are."""
    entries = values.shape[-1]
    if entries % multiple == 0 and entries:
        return np.ascontiguousarray(values)
    whole = aligned_zeros((*values.shape[:-1], padded(entries, multiple)), values.dtype)
    whole[..., :entries] = values
    return whole
