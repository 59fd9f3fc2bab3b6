"""How the axes of a tensor of theirs lie in values of ours.

Values of ours lie flat in one order, (height, width, channels) of an image. Each axis of a tensor is a
product of factors of that order: channels are one axis there, behind a flattening one axis is channels,
rows and columns. So a transposition, a reshaping, or an axis more or less changes axes alone and computes
nothing, and only a layer that reads the values says how they must lie.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

UNKNOWN = 2**31 - 1
"""Stands for an open number of entries: a prime, found again in what it was multiplied with."""


class Factor:
    """A part of an axis.

    Attributes
    ----------
    size
        How many places.
    parts
        Two or more that it has been split into, the first of which runs slowest; nothing where it is whole.
    is_batch
        Whether it counts the entries.
    """

    __slots__ = ("is_batch", "parts", "size")

    def __init__(self, size: int, *, is_batch: bool = False) -> None:
        self.size = size
        self.parts: tuple[Factor, ...] = ()
        self.is_batch = is_batch

    def split(self, first: int) -> tuple[Factor, Factor]:
        """Split into a factor of a size, and the rest."""
        self.parts = Factor(first), Factor(self.size // first)
        return self.parts[0], self.parts[1]


Axis = tuple[Factor, ...]
"""Factors of an axis, slowest first; nothing for a size of 1 that counts no entries."""


def axis(size: int) -> Axis:
    """Return an axis of one factor."""
    return (Factor(size),) if size > 1 else ()


def whole(factors: Iterable[Factor]) -> Axis:
    """Return factors with those that were split replaced by their parts."""
    found: list[Factor] = []
    waiting = list(reversed(tuple(factors)))
    while waiting:
        factor = waiting.pop()
        if factor.parts:
            waiting.extend(reversed(factor.parts))
        else:
            found.append(factor)
    return tuple(found)


def size_of(factors: Iterable[Factor]) -> int:
    """Return the product of the sizes."""
    return math.prod(factor.size for factor in factors)


def written(numbers: Iterable[int]) -> str:
    """Return sizes as messages show them, N for an open number of entries."""
    return "[" + ", ".join("N" if each == UNKNOWN else str(each) for each in numbers) + "]"


def sizes(factors: Iterable[Factor]) -> tuple[int, ...]:
    """Return the sizes of factors, parts for those that were split."""
    return tuple(factor.size for factor in whole(factors))


def regrouped(axes: Sequence[Axis], wanted: Sequence[int]) -> list[Axis] | None:
    """Return axes of other sizes over the same values in the same order; None where they do not fit."""
    left = deque(whole(factor for each in axes for factor in each))
    groups: list[Axis] = []
    for number, side in enumerate(wanted):
        size = side
        group: list[Factor] = []
        if left and left[0].is_batch and left[0].size == 1:
            group.append(left.popleft())
        while size > 1:
            if not left:
                return None
            factor = left.popleft()
            if size % factor.size == 0:
                group.append(factor)
                size //= factor.size
            elif factor.size % size == 0 and not factor.is_batch:
                first, rest = factor.split(size)
                group.append(first)
                left.appendleft(rest)
                size = 1
            else:
                return None
        if left and left[0].is_batch and left[0].size == 1 and 1 not in wanted[number + 1 : number + 2]:
            group.append(left.popleft())
        groups.append(tuple(group))
    return None if left else groups


def aligned(ours: Axis, theirs: Axis) -> list[tuple[Factor, Factor]] | None:
    """Split two axes of one size until their factors pair up; None where no whole factors do."""
    left, right = deque(whole(ours)), deque(whole(theirs))
    pairs: list[tuple[Factor, Factor]] = []
    while left and right:
        one, other = left.popleft(), right.popleft()
        if one.size == other.size and one.is_batch == other.is_batch:
            pairs.append((one, other))
            continue
        small, large = sorted((one, other), key=lambda factor: factor.size)
        if large.size % small.size or large.is_batch or small.is_batch:
            return None
        parts = large.split(small.size)
        if large is one:
            pairs.append((parts[0], other))
            left.appendleft(parts[1])
        else:
            pairs.append((one, parts[0]))
            right.appendleft(parts[1])
    return None if left or right else pairs
