"""Finite numbers: whether an array holds NaN or infinity, and refusing entries that do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from nn.bfloat16 import BFLOAT16
from nn.bfloat16_arrays import widened
from nn.kernels.finite import count_not_finite, count_not_finite_parallel

PARALLEL_FROM = 200_000
"""Numbers from which a parallel region pays."""

CHUNK = 1 << 20
"""Numbers that are checked together."""

AXES = {
    1: ("feature",),
    2: ("step", "feature"),
    3: ("row", "column", "channel"),
    4: ("step", "row", "column", "channel"),
}
"""What messages call the places in an entry, by its number of axes."""


def all_finite(array: np.ndarray) -> bool:
    """Return whether no number in an array is NaN or Inf; only floating point can hold them."""
    if array.dtype.kind != "f":
        array = widened(array)
        if array.dtype.kind != "f":
            return True
    if array.dtype.char not in "fd" or not array.dtype.isnative:  # the kernels know float32 and float64
        return bool(np.isfinite(array).all())
    flat = array if array.ndim == 1 else array.reshape(-1)
    count = count_not_finite_parallel if flat.size >= PARALLEL_FROM else count_not_finite
    return not count(flat)


def check_unmasked(array: Any, what: str) -> None:
    """Refuse a NumPy masked array with masked entries: they would be read as if they were not masked.

    Raises
    ------
    ValueError
        Saying what to give instead.
    """
    if np.ma.is_masked(array):
        raise ValueError(
            f"{what}: a masked array, and some of it is masked: fill it, or leave it out. Targets and steps "
            "that do not count are told by masks of their own"
        )


def check_finite(
    entries: np.ndarray,
    what: str,
    dtype: DTypeLike = np.float32,
    counts: np.ndarray | None = None,
    *,
    features: Sequence[str] | None = None,
) -> None:
    """Refuse entries that a network cannot run on: NaN, infinity, and non-numbers.

    Parameters
    ----------
    entries
        (N, ...): vectors, sequences, images or videos.
    what
        What the message calls them.
    dtype
        The dtype they will be converted to; a number that it cannot hold is infinite.
    counts
        bool (N,), (N, steps) or more of the first axes: what is False is never used, and not checked.
    features
        Names of the features of vectors (N, K), for the message.

    Raises
    ------
    ValueError
        Naming the first entry and the place in it, such as its feature, or its row, column and channel.
    """
    if entries.dtype.kind not in "fiub" and entries.dtype != BFLOAT16:
        raise ValueError(f"{what}: expected numbers (N, ...), not {entries.dtype} {entries.shape}")
    if entries.dtype.kind in "iub":
        return
    for start, part in _parts(entries):
        if not all_finite(converted := _converted(part, dtype)):
            bad = ~np.isfinite(converted)
            if counts is not None:
                seen = counts[start : start + len(part)]
                bad &= seen.reshape(*seen.shape, *(1,) * (part.ndim - seen.ndim))
            if bad.any():
                entry, *place = map(int, np.argwhere(bad)[0])
                number = _described(float(part[entry, *place]), dtype)
                vector = part.ndim == 4 and part.shape[1:3] == (1, 1)  # as networks have it
                where = place_in_words(place[2:] if vector else place, features)
                said = f"{number} at {where}" if where else number.rstrip(",")
                raise ValueError(f"{what}: entry {start + entry} is {said}")


def place_in_words(place: Sequence[int], features: Sequence[str] | None = None) -> str:
    """Describe a place in an entry, with the name of the feature; "" where an entry is one number."""
    names = AXES.get(len(place))
    if names is None:
        return f"{list(place)}" if place else ""
    words = ", ".join(f"{name} {index}" for name, index in zip(names, place, strict=True))
    return words if features is None or len(place) != 1 else f"{words} ({features[place[0]]})"


def _parts(entries: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield some entries at a time, with the number of the first."""
    together = max(1, CHUNK // max(1, entries[:1].size))
    for start in range(0, len(entries), together):
        yield start, entries[start : start + together]


def _converted(part: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    with np.errstate(over="ignore"):
        return part.astype(dtype, copy=False)


def _described(number: float, dtype: DTypeLike) -> str:
    return f"{number:g}, which {np.dtype(dtype)} cannot hold," if np.isfinite(number) else f"{number:g}"
