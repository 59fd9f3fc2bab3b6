"""Gathering: entries of an array written as histories, and how arrays of every kind are laid out for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from nn.finite import check_unmasked
from nn.history import aligned_zeros, padded
from nn.kernels.gather import gather
from nn.pixel_scaling import WHITE


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
        self.rows = np.asarray(entries).reshape(len(entries), -1)
        self.dtype, self.divisor = np.dtype(dtype), float(divisor)
        self.shape = entries.shape[1:]
        self._begin()

    def _begin(self) -> None:
        self._room = _Buffers(self.rows.shape[1], self.shape, self.dtype)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the buffer out: a copy begins one of its own."""
        return {name: vars(self)[name] for name in ("rows", "dtype", "divisor", "shape")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def __len__(self) -> int:
        return len(self.rows)

    def gather(self, indices: np.ndarray) -> np.ndarray:
        """Return the entries at `indices` as histories; the next call in the same thread overwrites them."""
        room, histories = self._room, padded(len(indices))
        if room.values.shape[-1] != histories:
            room.make(histories)
        gather(self.rows, self.divisor, indices, room.values)
        return room.shaped


class _Buffers(threading.local):
    """The buffer of a gatherer: every thread has its own, so that one may prefetch while another looks."""

    def __init__(self, numbers: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._numbers, self._shape = numbers, shape
        self._buffer = aligned_zeros(0, dtype)
        self.make(0)

    def make(self, histories: int) -> None:
        """Have room for so many histories."""
        size = self._numbers * histories
        if self._buffer.size < size:
            self._buffer = aligned_zeros(size, self._buffer.dtype)
        self.values = self._buffer[:size].reshape(self._numbers, histories)
        self.shaped = self.values.reshape(*self._shape, histories)


def gatherer(
    array: np.ndarray,
    dtype: DTypeLike,
    what: str,
    *,
    brightness: bool = False,
    counted: np.ndarray | None = None,
) -> Gatherer:
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
        Whether bytes are brightnesses, and 0 to 255 become 0 to 1; see `nn.pixel_scaling`.
    counted
        Which of the array counts, of its shape or its first axes: 0 where values are ignored.

    Raises
    ------
    ValueError
        When there is no entry, it is not an array or of another kind, or its whole numbers are too large for
        the dtype.
    """
    check_entries(array, what)
    dtype = np.dtype(dtype)
    entries = _laid_out(array)
    if array.dtype == np.bool_:
        return Gatherer(entries.view(np.uint8), dtype)
    if array.dtype == np.uint8:
        return Gatherer(entries, dtype, WHITE if brightness else 1)
    if array.dtype.kind in "iu":
        there = None if counted is None else np.broadcast_to(expand_mask(counted, array) != 0, array.shape)
        return Gatherer(_whole_numbers(entries, dtype, what, there), dtype)
    if array.dtype.kind != "f":
        raise ValueError(f"{what} are {array.dtype}, expected numbers or bool")
    usable = array.dtype in (np.dtype(np.float32), np.dtype(np.float64))
    return Gatherer(entries if usable else entries.astype(dtype), dtype)


def checked_mask(
    mask: np.ndarray | None, targets: np.ndarray, what: str, step_mask: np.ndarray | None = None
) -> np.ndarray | None:
    """Return which targets count, or how much; None where all do.

    Parameters
    ----------
    mask
        bool or floating point in [0, 1]: of the shape of the targets, or of their first axes, such as (N,)
        for a weight of every entry, or (N, height, width) for all channels of a pixel together.
    targets
        As the source was given them, (N, ...).
    what
        What the message calls the mask.
    step_mask
        Which steps of the inputs are there, bool (N, steps): targets of sequences and videos of as many
        steps do not count at the others.

    Raises
    ------
    ValueError
        When shape, kind or range are other ones.
    """
    if mask is not None:
        _check_mask(mask, targets, what)
    laid_out = _laid_out(targets)
    if step_mask is None or laid_out.ndim not in (3, 5) or laid_out.shape[:2] != step_mask.shape:
        return mask
    if mask is None:
        return step_mask
    if mask.ndim == 1:
        mask = mask[:, None]
    return np.where(expand_mask(step_mask, mask), mask, mask.dtype.type(0))


def _check_mask(mask: np.ndarray, targets: np.ndarray, what: str) -> None:
    check_array(mask, what)
    if mask.shape != targets.shape[: mask.ndim] or not mask.ndim:
        raise ValueError(
            f"{what} have shape {mask.shape}, expected {targets.shape} like the targets, or its first axes"
        )
    if mask.dtype.kind not in "bf":
        raise ValueError(f"{what} are {mask.dtype}, expected bool or floating point")
    if mask.dtype.kind == "f" and not (mask.min() >= 0 and mask.max() <= 1):
        place = tuple(int(each) for each in np.argwhere(~((mask >= 0) & (mask <= 1)))[0])
        raise ValueError(
            f"{what} must be in [0, 1], not {mask.min()} to {mask.max()}: entry {place[0]} has {mask[place]}"
        )


def mask_gatherer(mask: np.ndarray, targets: np.ndarray, dtype: DTypeLike, what: str) -> Gatherer:
    """Prepare weights of targets that `checked_mask` returned; `dtype` and `what` as for `gatherer`."""
    laid_out = _laid_out(targets)
    if mask.shape == targets.shape:
        return gatherer(mask.reshape(laid_out.shape), dtype, what)
    return gatherer(expand_mask(mask, laid_out), dtype, what)


def expand_mask(array: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return an array (N, ...) with axes of one number at its end, as many as another has."""
    return array.reshape(*array.shape, *(1,) * (other.ndim - array.ndim))


def check_array(array: np.ndarray, what: str) -> None:
    """Refuse what is not an array, such as a list, or is masked, with a ValueError that names it."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{what} are of type {type(array).__name__}: give an array (N, ...)")
    check_unmasked(array, what)


def check_entries(array: np.ndarray, what: str) -> None:
    """Refuse what is not an array of entries (N, ...), with a ValueError that names it."""
    check_array(array, what)
    if not array.ndim or not array.size:
        raise ValueError(f"{what} have shape {array.shape}, expected (N, ...) with at least one number")


def _laid_out(array: np.ndarray) -> np.ndarray:
    """Give vectors, single numbers and numbers of steps the axes of a shape."""
    if array.ndim > 2:
        return array
    single = array.ndim == 1 or array.shape[1] == 1
    if not single and array.dtype.kind in "iu":
        return array[..., None]
    return array.reshape(len(array), 1, 1, -1)


def _whole_numbers(entries: np.ndarray, dtype: np.dtype, what: str, there: np.ndarray | None) -> np.ndarray:
    """Return whole numbers in another dtype; 0 for numbers that are too large where they do not count."""
    largest = 2 ** (np.finfo(dtype).nmant + 1)
    if entries.max() > largest or entries.min() < -largest:
        beyond = (entries > largest) | (entries < -largest)
        if there is None or (beyond & there.reshape(entries.shape)).any():
            raise ValueError(f"{what} hold whole numbers beyond {largest}, which {dtype} cannot tell apart")
        entries = np.where(beyond, 0, entries)
    return entries.astype(dtype)
