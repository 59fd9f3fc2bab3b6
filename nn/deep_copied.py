"""Copied: copies that work like the original and share nothing with it, however they are made.

`copy.deepcopy`, pickle and joblib copy an object attribute by attribute. An array that is a view of
another's memory becomes a separate array then: what is written into one is no longer seen in the other. So
no object stores a view of an array that another attribute or object owns: views are created where they are
used. And the memory of a copied array may not lie on cache lines, or may be read-only, such as a file that
joblib maps for its workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Self

import numpy as np

from nn.history import CACHE_LINE, aligned_zeros


class DeepCopied:
    """An object with arrays that it writes to; a copy of any kind shares none of them."""

    def __copy__(self) -> Self:
        return deepcopy(self)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update({name: make_writable(value) for name, value in state.items()})


def make_writable(value: Any) -> Any:
    """Return an array, or what holds arrays, in memory that can be written to and lies on cache lines.

    Parameters
    ----------
    value
        Anything. Lists, tuples and dictionaries are looked through; lists and dictionaries stay themselves,
        and are changed.
    """
    if isinstance(value, np.ndarray):
        return _writable_array(value)
    if isinstance(value, dict):
        value.update({key: make_writable(item) for key, item in value.items()})
    elif isinstance(value, list):
        value[:] = map(make_writable, value)
    elif isinstance(value, tuple):
        parts = list(map(make_writable, value))
        if any(part is not item for part, item in zip(parts, value, strict=True)):
            return value._make(parts) if hasattr(value, "_make") else tuple(parts)
    return value


def _writable_array(array: np.ndarray) -> np.ndarray:
    """Return an array itself where it can stay, else a copy; those in another order than C's stay so."""
    plain = type(array) in (np.ndarray, np.memmap) and not array.dtype.hasobject
    if not plain or not array.flags.c_contiguous:
        return array if array.flags.writeable else array.copy(order="K")
    if array.flags.writeable and not array.ctypes.data % CACHE_LINE and type(array) is np.ndarray:
        return array
    copy = aligned_zeros(array.shape, array.dtype)
    copy[...] = array
    return copy
