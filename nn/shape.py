"""Shapes of what a network takes and gives, without the histories: images, sequences, videos.

Each is a tuple that arrays are shaped by: values of a network with shape S lie as (*S, N).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Number, Real
from typing import Any, NamedTuple, TypeAlias

from nn.short_text import short_repr

LARGEST = 10**16
"""Most values of a shape, and the largest side: far beyond any memory, and well within what 64 bits count."""

DIGITS = 100
"""Most digits of a side in a text."""


class Shape(NamedTuple):
    """Height, width and channels of a layer image, each at least 1."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return math.prod(self)

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Read a shape written as HEIGHTxWIDTHxCHANNELS, such as 28x28x1.

        Parameters
        ----------
        text
            What `str` of a shape returns.

        Returns
        -------
        Shape

        Raises
        ------
        ValueError
            When the text is not three positive whole numbers joined by `x`, or they make too many values.
        """
        sides = _sides(text)
        if len(sides) != 3:
            raise ValueError(f"shape {short_repr(text)}: write HEIGHTxWIDTHxCHANNELS, for example 28x28x1")
        return cls(*as_shape(sides))

    def __str__(self) -> str:
        return _written(self)


class SequenceShape(NamedTuple):
    """Steps in time, and features of each step; both at least 1."""

    steps: int
    features: int

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self)

    def __str__(self) -> str:
        return _written(self)


class VideoShape(NamedTuple):
    """Steps in time, and height, width and channels of the image of each step; all at least 1."""

    steps: int
    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self)

    @property
    def image(self) -> Shape:
        """The image of one step."""
        return Shape(*self[1:])

    def __str__(self) -> str:
        return _written(self)


AnyShape: TypeAlias = Shape | SequenceShape | VideoShape
"""Every shape is a tuple of positive numbers with a `size`, and `str` writes it as 28x28x1."""


ShapeLike: TypeAlias = AnyShape | int
"""A shape, or a number of units, which stands for 1 x 1 x units."""


def layer_shape(what: str, given: ShapeLike) -> AnyShape:
    """Return the shape of a layer that is given as one, or as its number of units.

    Raises
    ------
    ValueError
        When it is neither; the message begins with `what`.
    """
    sides: Any = given  # which type checkers do not know to be no number
    if not isinstance(given, Number):
        return as_shape(sides)
    if isinstance(given, bool) or not isinstance(given, Integral) or given < 1:
        raise ValueError(f"{what} {given!r} must be a whole number of units, at least 1, or a shape")
    return as_shape((1, 1, int(given)))


def as_shape(sides: tuple[int, ...]) -> AnyShape:
    """Return two sides as a sequence's shape, three as an image's, four as a video's.

    Raises
    ------
    ValueError
        When there are fewer or more, one is not a positive whole number, or they make more than `LARGEST`
        values.
    """
    sides = tuple(sides) if isinstance(sides, Iterable) else (sides,)
    if not 2 <= len(sides) <= 4 or not all(map(_is_side, sides)):
        raise ValueError(
            f"shape {short_repr(sides)}: give (steps, features), (height, width, channels) or "
            "(steps, height, width, channels), each at least 1"
        )
    if max(sides) > LARGEST or math.prod(map(int, sides)) > LARGEST:
        raise ValueError(f"shape {short_repr(sides)}: more than {LARGEST:.0e} values, which no memory holds")
    kinds: dict[int, type[SequenceShape] | type[Shape] | type[VideoShape]] = {
        2: SequenceShape,
        3: Shape,
        4: VideoShape,
    }
    return kinds[len(sides)](*map(int, sides))


def parse_shape(text: str) -> AnyShape:
    """Read what `str` of a shape wrote, such as 28x28 of a sequence or 28x28x1 of an image.

    Raises
    ------
    ValueError
        When the text is not two to four positive whole numbers joined by `x`, or they make too many values.
    """
    sides = _sides(text)
    if not 2 <= len(sides) <= 4:
        raise ValueError(
            f"shape {short_repr(text)}: write its sides as 28x28x1, or 28x28 for steps and features"
        )
    return as_shape(sides)


def features_of(shape: AnyShape) -> int:
    """Return the length of the last axis: the channels of an image, the features of a step."""
    return shape[-1]


def _is_side(side: Any) -> bool:
    if not isinstance(side, Real):
        return False
    number: Any = side  # which type checkers do not know to have an order
    return bool(number > 0 and number == number // 1)


def _sides(text: str) -> tuple[int, ...]:
    """Return the numbers joined by `x`; nothing where one is not a positive whole number of few digits."""
    parts = [part.strip() for part in text.lower().split("x")]
    if not all(part.isdecimal() and len(part) <= DIGITS and int(part) > 0 for part in parts):
        return ()
    return tuple(map(int, parts))


def _written(sides: tuple[int, ...]) -> str:
    return "x".join(map(str, sides))
