"""Gathering: entries of an array written as histories, and how arrays of every kind are laid out for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from nn.brightness import FULL
from nn.history import aligned_zeros, padded
from nn.kernels.batches import gather


class Gatherer:
    """Entries (N, ...) of bytes or numbers, written as histories (..., N padded) into one buffer.

    Parameters
    ----------
    entries
        uint8, float32 or float64 (N, ...).
    dtype
        Of the histories.
    divisor
        What the numbers are divided by.
    """

    def __init__(self, entries: np.ndarray, dtype: DTypeLike, divisor: float = 1.0) -> None:
        self.rows = entries.reshape(len(entries), -1)
        self.dtype, self.divisor = np.dtype(dtype), float(divisor)
        self.shape = entries.shape[1:]
        self._buffer = aligned_zeros(0, self.dtype)
        self._make_room(0)

    def __len__(self) -> int:
        return len(self.rows)

    def twin(self) -> Gatherer:
        """Return another with the same entries and a buffer of its own."""
        return Gatherer(self.rows.reshape(-1, *self.shape), self.dtype, self.divisor)

    def gather(self, indices: np.ndarray) -> np.ndarray:
        """Return the entries at `indices` as histories; the next call overwrites them."""
        histories = padded(len(indices))
        if self._values.shape[-1] != histories:
            self._make_room(histories)
        gather(self.rows, self.divisor, indices, self._values)
        return self._shaped

    def _make_room(self, histories: int) -> None:
        size = self.rows.shape[1] * histories
        if self._buffer.size < size:
            self._buffer = aligned_zeros(size, self.dtype)
        self._values = self._buffer[:size].reshape(self.rows.shape[1], histories)
        self._shaped = self._values.reshape(*self.shape, histories)


def gatherer(array: np.ndarray, dtype: DTypeLike, what: str, *, brightness: bool = False) -> Gatherer:
    """Prepare inputs or targets (N, ...) of any kind.

    Parameters
    ----------
    array
        Floating point and integers: as they are. bool: 0 and 1. Vectors (N, K) become histories
        (1, 1, K, N), single numbers (N,) or (N, 1) become (1, 1, 1, N), whole numbers of steps (N, T)
        become (T, 1, N), and everything else (N, ...) becomes (..., N).
    dtype
        Of the histories.
    what
        What the message calls the array.
    brightness
        Whether bytes are brightnesses, and 0 to 255 become 0 to 1; see `nn.brightness`.

    Raises
    ------
    ValueError
        When there is no entry, it is no array or one of another kind, or its whole numbers are too large
        for the dtype.
    """
    check_array(array, what)
    if not array.ndim or not array.size:
        raise ValueError(f"{what} have shape {array.shape}, expected (N, ...) with at least one number")
    dtype = np.dtype(dtype)
    entries = _laid_out(array)
    if array.dtype == np.bool_:
        return Gatherer(entries.view(np.uint8), dtype)
    if array.dtype == np.uint8:
        return Gatherer(entries, dtype, FULL if brightness else 1)
    if array.dtype.kind in "iu":
        return Gatherer(_whole_numbers(entries, dtype, what), dtype)
    if array.dtype.kind != "f":
        raise ValueError(f"{what} are {array.dtype}, expected numbers or bool")
    usable = array.dtype in (np.dtype(np.float32), np.dtype(np.float64))
    return Gatherer(entries if usable else entries.astype(dtype), dtype)


def mask_gatherer(mask: np.ndarray, targets: np.ndarray, dtype: DTypeLike, what: str) -> Gatherer:
    """Prepare weights in [0, 1] of targets.

    Parameters
    ----------
    mask
        bool or floating point: of the shape of the targets, or of their first axes, such as (N,) for a
        weight of every entry, or (N, height, width) for all channels of a pixel together.
    targets
        As the source was given them, (N, ...).
    dtype, what
        As for `gatherer`.

    Raises
    ------
    ValueError
        When shape, kind or range are other ones.
    """
    check_array(mask, what)
    if mask.shape != targets.shape[: mask.ndim] or not mask.ndim:
        raise ValueError(
            f"{what} have shape {mask.shape}, expected {targets.shape} like the targets, or its first axes"
        )
    if mask.dtype.kind not in "bf":
        raise ValueError(f"{what} are {mask.dtype}, expected bool or floating point")
    if mask.dtype.kind == "f" and not (mask.min() >= 0 and mask.max() <= 1):
        raise ValueError(f"{what} must be in [0, 1], not {mask.min()} to {mask.max()}")
    laid_out = _laid_out(targets)
    if mask.shape == targets.shape:
        return gatherer(mask.reshape(laid_out.shape), dtype, what)
    ones = (1,) * (laid_out.ndim - mask.ndim)
    return gatherer(mask.reshape(*mask.shape, *ones), dtype, what)


def check_array(array: np.ndarray, what: str) -> None:
    """Refuse what is no array, such as a list, with a ValueError that names it."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{what} are of type {type(array).__name__}: give an array (N, ...)")


def _laid_out(array: np.ndarray) -> np.ndarray:
    """Give vectors, single numbers and numbers of steps the axes of a shape."""
    if array.ndim > 2:
        return array
    single = array.ndim == 1 or array.shape[1] == 1
    if not single and array.dtype.kind in "iu":
        return array[..., None]
    return array.reshape(len(array), 1, 1, -1)


def _whole_numbers(entries: np.ndarray, dtype: np.dtype, what: str) -> np.ndarray:
    largest = 2 ** (np.finfo(dtype).nmant + 1)
    if entries.max() > largest or entries.min() < -largest:
        raise ValueError(f"{what} hold whole numbers beyond {largest}, which {dtype} cannot tell apart")
    return entries.astype(dtype)
