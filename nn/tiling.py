"""Tiled iterators over the windows that connect two layer images.

A layer of neurons is an image: (height, width, channels). A `Tiling` cuts the input image into
blocks of A x A pixels and pairs each with one block of B x B pixels of the output image; the
output block sees the window of N x N pixels centred on its input block, clipped at the edges.

    python -m nn.tiling 8x8x1 --input-block 2 --window 4 --output-block 1

prints every window with its coordinates and indices.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from nn.shape import Shape


class Box(NamedTuple):
    """A rectangle of pixels: rows top to bottom, columns left to right, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.height * self.width

    def indices(self, shape: Shape) -> np.ndarray:
        """Return where the box's neurons lie in a flattened image.

        Parameters
        ----------
        shape
            The image that the box is part of.

        Returns
        -------
        ndarray
            Flat indices, int64 (height, width, channels).
        """
        rows = np.arange(self.top, self.bottom)[:, None, None]
        columns = np.arange(self.left, self.right)[None, :, None]
        return (rows * shape.width + columns) * shape.channels + np.arange(shape.channels)


class Tile(NamedTuple):
    """One output block with the window that it sees."""

    row: int
    column: int
    window: Box
    block: Box


@dataclass(frozen=True)
class Tiling:
    """Windows of an input image, and the output block that each of them feeds.

    Attributes
    ----------
    input_shape
        The image the windows look at.
    input_block
        A: side of an input block. The input's sides must be multiples of it.
    window
        N: side of the window centred on the block. When N - A is odd the window reaches one
        pixel further to the bottom and the right.
    output_block
        B: side of an output block. B < A shrinks the image, B = A keeps it, B > A grows it.

    Raises
    ------
    ValueError
        When a side is not positive, the window is smaller than the input block, or the blocks do
        not tile the image.
    """

    input_shape: Shape
    input_block: int
    window: int
    output_block: int

    def __post_init__(self) -> None:
        if min(self.input_block, self.window, self.output_block) < 1:
            raise ValueError("input block, window and output block must each be at least 1")
        if self.window < self.input_block:
            raise ValueError(
                f"window {self.window} is smaller than the input block {self.input_block}: "
                "some pixels would be seen by no output"
            )
        for side, name in ((self.input_shape.height, "height"), (self.input_shape.width, "width")):
            if side % self.input_block:
                raise ValueError(
                    f"{name} {side} is not a multiple of the input block {self.input_block}: "
                    "choose another block or another image size"
                )

    @property
    def rows(self) -> int:
        """Number of rows of tiles."""
        return self.input_shape.height // self.input_block

    @property
    def columns(self) -> int:
        """Number of columns of tiles."""
        return self.input_shape.width // self.input_block

    @property
    def margin(self) -> int:
        """How far a window reaches above and to the left of its input block."""
        return (self.window - self.input_block) // 2

    @property
    def output_height(self) -> int:
        """Height of the output image."""
        return self.rows * self.output_block

    @property
    def output_width(self) -> int:
        """Width of the output image."""
        return self.columns * self.output_block

    @cached_property
    def row_spans(self) -> np.ndarray:
        """First and last (excluded) input row of the windows in each row of tiles: int64 (rows, 2)."""
        return self._spans(self.rows, self.input_shape.height)

    @cached_property
    def column_spans(self) -> np.ndarray:
        """First and last (excluded) input column of the windows, as `row_spans`: int64 (columns, 2)."""
        return self._spans(self.columns, self.input_shape.width)

    @property
    def total_pixels(self) -> int:
        """Pixels of all (clipped) windows together, computed without iterating over them."""
        shape = self.input_shape
        return self._total_span(self.rows, shape.height) * self._total_span(self.columns, shape.width)

    def _total_span(self, count: int, side: int) -> int:
        """Return the sum of the lengths of all spans along one side."""
        block, before = self.input_block, self.margin
        whole = min(max((side - self.window + before) // block + 1, 0), count)  # windows that end within
        clipped = min(before // block + 1, count)  # windows that begin at 0
        ends = block * _sum_below(whole) + whole * (self.window - before) + (count - whole) * side
        return ends - block * (_sum_below(count) - _sum_below(clipped)) + (count - clipped) * before

    def _spans(self, count: int, side: int) -> np.ndarray:
        starts = np.arange(count) * self.input_block - self.margin
        return np.stack([np.maximum(starts, 0), np.minimum(starts + self.window, side)], axis=1)

    @cached_property
    def window_pixels(self) -> np.ndarray:
        """Number of pixels in every (clipped) window: int64 (rows, columns)."""
        heights = self.row_spans[:, 1] - self.row_spans[:, 0]
        widths = self.column_spans[:, 1] - self.column_spans[:, 0]
        return np.outer(heights, widths)

    def tile(self, row: int, column: int) -> Tile:
        """Return the tile in one row and column of the grid, both counted from 0."""
        top, bottom = map(int, self.row_spans[row])
        left, right = map(int, self.column_spans[column])
        side = self.output_block
        block = Box(row * side, column * side, (row + 1) * side, (column + 1) * side)
        return Tile(row, column, Box(top, left, bottom, right), block)

    def __iter__(self) -> Iterator[Tile]:
        return (self.tile(row, column) for row in range(self.rows) for column in range(self.columns))

    def __len__(self) -> int:
        return self.rows * self.columns


def _sum_below(count: int) -> int:
    """Return 0 + 1 + ... + (count - 1)."""
    return count * (count - 1) // 2


def describe(tiling: Tiling) -> Iterator[str]:
    """Yield a headline, then a line for every tile: its place, window, block and the indices it sees."""
    yield (
        f"{len(tiling)} tiles in {tiling.rows} rows and {tiling.columns} columns; "
        f"output {tiling.output_height} x {tiling.output_width} pixels"
    )
    for tile in tiling:
        window, block = tile.window, tile.block
        indices = window.indices(tiling.input_shape).ravel()
        yield (
            f"tile ({tile.row}, {tile.column}): "
            f"rows {window.top}..{window.bottom - 1}, columns {window.left}..{window.right - 1} "
            f"-> output rows {block.top}..{block.bottom - 1}, columns {block.left}..{block.right - 1}; "
            f"inputs {' '.join(map(str, indices))}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the windows of a tiling for a human to read; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m nn.tiling",
        description="Print the windows that connect an image to a smaller, equal or larger one.",
        epilog="example: python -m nn.tiling 8x8x1 --input-block 2 --window 4 --output-block 1",
    )
    parser.add_argument("shape", help="the input image, HEIGHTxWIDTHxCHANNELS")
    parser.add_argument("--input-block", type=int, default=1, help="side of an input block (default 1)")
    parser.add_argument("--window", type=int, default=3, help="side of the window (default 3)")
    parser.add_argument("--output-block", type=int, default=1, help="side of an output block (default 1)")
    options = parser.parse_args(arguments)
    try:
        shape = Shape.parse(options.shape)
        tiling = Tiling(shape, options.input_block, options.window, options.output_block)
    except ValueError as error:
        parser.error(str(error))
    print("\n".join(describe(tiling)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
