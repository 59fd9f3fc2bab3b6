"""Columns: one-dimensional arrays that grow, and lists of pointers compressed into rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from nn.deep_copied import DeepCopied

SMALLEST = 16

RADIX_SORTED = 1 << 16
"""Up to so many keys NumPy sorts by radix, in a tenth of the time."""


class Column(DeepCopied):
    """A one-dimensional array that grows at its end, in constant time per entry on average.

    Parameters
    ----------
    dtype
        Of the entries.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._memory = np.empty(SMALLEST, dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def array(self) -> np.ndarray:
        """The entries as a view; the next `extend` may leave it behind."""
        return self._memory[: self._size]

    def extend(self, entries: ArrayLike) -> None:
        """Append entries."""
        added = np.atleast_1d(np.asarray(entries, self._memory.dtype))
        needed = self._size + len(added)
        if needed > len(self._memory):
            grown = np.empty(max(needed, 2 * len(self._memory)), self._memory.dtype)
            grown[: self._size] = self.array
            self._memory = grown
        self._memory[self._size : needed] = added
        self._size = needed


class Compressed(NamedTuple):
    """Items sorted by a key: those of key k are `items[starts[k] : starts[k + 1]]`, in their old order.

    Attributes
    ----------
    starts
        int64 (keys + 1,).
    items
        int64 (items,).
    """

    starts: np.ndarray
    items: np.ndarray

    def of(self, key: int) -> np.ndarray:
        """Return the items of one key."""
        return self.items[self.starts[key] : self.starts[key + 1]]


def compress(keys: np.ndarray, count: int) -> Compressed:
    """Sort the positions of an array by the keys there, as compressed rows.

    Parameters
    ----------
    keys
        Whole numbers below `count`; positions with a negative key are left out.
    count
        Number of keys.

    Returns
    -------
    Compressed
        For every key its positions, ascending.
    """
    items = np.flatnonzero(keys >= 0)
    kept = keys[items]
    if count <= RADIX_SORTED:
        kept = kept.astype(np.uint16)
    items = items[np.argsort(kept, kind="stable")]
    sizes = np.bincount(kept, minlength=count)
    return Compressed(np.concatenate([[0], np.cumsum(sizes)]), items)


def ranges(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the whole numbers from each start to its end (excluded), one range after another."""
    sizes = ends - starts
    firsts = np.cumsum(sizes) - sizes
    return np.arange(sizes.sum()) + np.repeat(starts - firsts, sizes)
