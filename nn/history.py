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
from nn.pixel_scaling import WHITE, are_byte_images

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
    values[..., :entries] = np.moveaxis(batch, 0, -1)
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
    return np.moveaxis(values[..., :entries], -1, 0).copy(order="C")
