"""Windows that slide over an image: which pixels a convolution's window sees, and which see a pixel.

A `Kernel` says how windows look: size, stride, padding, dilation. Laid over an image it gives `Windows`;
so it does when the number of windows is given and the image is what they are to make (a transposed
convolution). Rows and columns are independent, so each is an `Axis`.
(Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning".)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Literal, NamedTuple, TypeAlias

Pair: TypeAlias = tuple[int, int]
"""A number for the rows, and one for the columns."""

Padding: TypeAlias = int | Sequence[int] | Literal["same"]
"""Zeros around an image: the same on all sides, (above and below, left and right), or `same`."""

Slices: TypeAlias = tuple[slice, slice]
"""Rows and columns of an image."""


class Axis(NamedTuple):
    """The windows along one axis of an image, its rows or its columns.

    Tap t of window w lies at pixel `w * stride - before + t * dilation`; off the image it sees zero.

    Attributes
    ----------
    length
        Pixels of the image.
    windows
        Number of windows.
    kernel
        Taps of a window.
    stride
        Pixels from one window to the next.
    before
        Zeros before the first pixel.
    dilation
        Pixels from one tap to the next.
    """

    length: int
    windows: int
    kernel: int
    stride: int
    before: int
    dilation: int

    def tap(self, tap: int) -> tuple[slice, slice]:
        """Return the windows whose tap lies on the image, and the pixels where it lies."""
        shift = tap * self.dilation - self.before
        first = max(0, -(shift // self.stride))
        last = max(first, min(self.windows, -((shift - self.length) // self.stride)))
        begin = first * self.stride + shift
        pixels = slice(begin, begin + (last - first - 1) * self.stride + 1, self.stride)
        return slice(first, last), pixels if last > first else slice(0, 0)

    @property
    def taps(self) -> range:
        """The taps that may lie on the image: of a kernel far larger than it, most never do."""
        first = -(((self.windows - 1) * self.stride - self.before) // self.dilation)
        last = (self.length - 1 + self.before) // self.dilation
        return range(max(first, 0), min(last + 1, self.kernel))

    @property
    def connections(self) -> int:
        """Taps of all windows that lie on the image."""
        spans = (self.tap(tap)[0] for tap in self.taps)
        return sum(span.stop - span.start for span in spans)


class Tap(NamedTuple):
    """One place in the kernel: the windows where it lies on the image, and the pixels it sees there."""

    row: int
    column: int
    windows: Slices
    pixels: Slices


@dataclass(frozen=True)
class Windows:
    """Windows over an image: `rows.windows` times `columns.windows` of them."""

    rows: Axis
    columns: Axis

    def taps(self) -> Iterator[Tap]:
        """Yield every place in the kernel that may see the image, row by row."""
        for row in self.rows.taps:
            window_rows, pixel_rows = self.rows.tap(row)
            for column in self.columns.taps:
                window_columns, pixel_columns = self.columns.tap(column)
                yield Tap(row, column, (window_rows, window_columns), (pixel_rows, pixel_columns))

    @property
    def connections(self) -> int:
        """Pairs of a window and a pixel that it sees."""
        return self.rows.connections * self.columns.connections


@dataclass(frozen=True)
class Kernel:
    """How a window looks.

    Attributes
    ----------
    size
        Taps of a window.
    stride
        Pixels from one window to the next.
    padding
        Zeros on either side of the image, or "same": as many as make a window for every pixel, with
        the odd one below and to the right; for stride 1.
    dilation
        Pixels from one tap to the next.

    Raises
    ------
    ValueError
        When a number is too small, or padding is "same" and the stride is not 1.
    """

    size: Pair
    stride: Pair
    padding: Pair | Literal["same"]
    dilation: Pair

    def __post_init__(self) -> None:
        for name, pair in (("size", self.size), ("stride", self.stride), ("dilation", self.dilation)):
            if min(pair) < 1:
                raise ValueError(f"kernel: {name} {_written(pair)} must be at least 1")
        if self.padding == "same" and self.stride != (1, 1):
            raise ValueError(
                f"kernel: padding 'same' is for stride 1, not {_written(self.stride)}: give the zeros"
            )
        if self.padding != "same" and min(self.padding) < 0:
            raise ValueError(f"kernel: padding {_written(self.padding)} must be at least 0")

    @property
    def spans(self) -> Pair:
        """Pixels from the first tap to the last, both included."""
        rows, columns = (
            (size - 1) * dilation + 1 for size, dilation in zip(self.size, self.dilation, strict=True)
        )
        return rows, columns

    @property
    def margins(self) -> tuple[Pair, Pair]:
        """Zeros (above, below) and (left, right)."""
        if self.padding == "same":
            rows, columns = (((span - 1) // 2, span // 2) for span in self.spans)
            return rows, columns
        return (self.padding[0],) * 2, (self.padding[1],) * 2

    def over(self, height: int, width: int) -> Windows:
        """Lay windows over an image; pixels behind the last whole window are seen by none.

        Raises
        ------
        ValueError
            When the image with its padding is smaller than a window.
        """
        return Windows(self._over(0, height, "height"), self._over(1, width, "width"))

    def _over(self, axis: int, length: int, name: str) -> Axis:
        before, after = self.margins[axis]
        room = before + length + after - self.spans[axis]
        if room < 0:
            raise ValueError(
                f"{name} {length} with {before} + {after} of padding is smaller than {self._window(axis)}: "
                "choose a smaller kernel, more padding or a larger image"
            )
        return self._axis(axis, length, room // self.stride[axis] + 1, before)

    def under(self, height: int, width: int, extra: Pair = (0, 0)) -> Windows:
        """Return the smallest image of which so many windows see every pixel, `extra` pixels larger.

        Raises
        ------
        ValueError
            When there is no pixel left within the padding, or `extra` is below 0 or reaches both the
            stride and the dilation.
        """
        return Windows(self._under(0, height, extra[0], "height"), self._under(1, width, extra[1], "width"))

    def _under(self, axis: int, windows: int, extra: int, name: str) -> Axis:
        before, after = self.margins[axis]
        limit = max(self.stride[axis], self.dilation[axis])
        if not 0 <= extra < limit:
            raise ValueError(
                f"output padding {extra} of the {name} must be at least 0 and below {limit}, "
                "the larger of stride and dilation"
            )
        length = (windows - 1) * self.stride[axis] + self.spans[axis] - before - after + extra
        if length < 1:
            raise ValueError(
                f"{name} {windows} makes an image of {length}: padding {before} + {after} cuts off all that "
                f"{self._window(axis)} writes; choose less padding or a larger kernel"
            )
        return self._axis(axis, length, windows, before)

    def _axis(self, axis: int, length: int, windows: int, before: int) -> Axis:
        return Axis(length, windows, self.size[axis], self.stride[axis], before, self.dilation[axis])

    def _window(self, axis: int) -> str:
        size, dilation, span = self.size[axis], self.dilation[axis], self.spans[axis]
        return f"a kernel of {size}" + (f" with dilation {dilation}, {span} pixels" if dilation > 1 else "")


def as_pair(number: int | Sequence[int], name: str) -> Pair:
    """Return (number, number) for one number, and two numbers as they are.

    Raises
    ------
    ValueError
        When it is neither one whole number nor two.
    """
    numbers = tuple(number) if isinstance(number, Sequence) else (number, number)
    if len(numbers) != 2 or not all(isinstance(each, Integral) for each in numbers):
        raise ValueError(f"{name} {number!r}: give one whole number, or one for rows and one for columns")
    return int(numbers[0]), int(numbers[1])


def _written(pair: Pair) -> str:
    return f"{pair[0]} x {pair[1]}"
