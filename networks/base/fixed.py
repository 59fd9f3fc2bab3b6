"""Immutable copies of arguments, independent of the lists and arrays they were given in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class _List(NamedTuple):
    """What was a list."""

    items: tuple[Any, ...]


class _Mapping(NamedTuple):
    """What was a mapping, in its order."""

    items: tuple[tuple[Any, Any], ...]


class _Set(NamedTuple):
    """What was a set."""

    items: frozenset[Any]


class _Array(NamedTuple):
    """What was an array of numbers."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes


def fixed(value: Any) -> Any:
    """Return an immutable version of a value, from which `given` restores it.

    Lists, sets, mappings and arrays are copied; networks, generators and other objects stay the same ones.
    The result is equal where the values are, and can be hashed where what they hold can.
    """
    if type(value) is list:
        return _List(tuple(map(fixed, value)))
    if type(value) is tuple:
        return tuple(map(fixed, value))
    if type(value) is set:
        return _Set(frozenset(map(fixed, value)))
    if isinstance(value, Mapping):
        return _Mapping(tuple((name, fixed(each)) for name, each in value.items()))
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return _Array(value.dtype.str, value.shape, value.tobytes())
    return value


def given(value: Any) -> Any:
    """Return what `fixed` was given, with lists, sets, mappings and arrays that are new."""
    if isinstance(value, _List):
        return list(map(given, value.items))
    if isinstance(value, _Set):
        return set(map(given, value.items))
    if isinstance(value, _Mapping):
        return {name: given(each) for name, each in value.items}
    if isinstance(value, _Array):
        return np.frombuffer(value.content, value.dtype).reshape(value.shape).copy()
    return tuple(map(given, value)) if type(value) is tuple else value
