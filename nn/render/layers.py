"""How a layer's neurons become coloured squares: arranged in a box, averaged where they do not fit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from nn.render.canvas import enlarge
from nn.render.colours import BORDER, diverging, sequential
from nn.render.network import LayerPicture
from nn.shape import Shape

LARGEST_CELL = 18
LINES_FROM = 5
LEAST_SIDE = 8
TILE_GAP = 3
LEAST_TILE_AREA = 36


@dataclass(frozen=True)
class Raster:
    """The squares that one layer is drawn with.

    A layer has one tile per channel, side by side and in rows where that makes larger squares. Layers that
    extend along one dimension only, and layers with more channels than fit, have a single tile into which
    their neurons are folded row by row.

    Attributes
    ----------
    shape
        The layer.
    folded
        Whether all neurons share one tile.
    rows, columns
        Neurons in each tile.
    block
        Every square is the mean of block x block neurons.
    tiles, tile_columns
        How many tiles, and how many side by side.
    cell_height, cell_width
        Of one square in pixels.
    """

    shape: Shape
    folded: bool
    rows: int
    columns: int
    block: int
    tiles: int
    tile_columns: int
    cell_height: int
    cell_width: int

    @property
    def line(self) -> int:
        """Pixels between two squares."""
        return 1 if min(self.cell_height, self.cell_width) >= LINES_FROM else 0

    @property
    def tile_height(self) -> int:
        """Height of one tile in pixels, its frame included."""
        return math.ceil(self.rows / self.block) * self.cell_height + 2 - self.line

    @property
    def tile_width(self) -> int:
        """Width of one tile in pixels, its frame included."""
        return math.ceil(self.columns / self.block) * self.cell_width + 2 - self.line

    @property
    def height(self) -> int:
        """Height of the layer in pixels."""
        return math.ceil(self.tiles / self.tile_columns) * (self.tile_height + TILE_GAP) - TILE_GAP

    @property
    def width(self) -> int:
        """Width of the layer in pixels."""
        return self.tile_columns * (self.tile_width + TILE_GAP) - TILE_GAP

    def places(self, indices: np.ndarray) -> np.ndarray:
        """Pixels (n, 2), across and down, of the middles of the squares that hold these neurons."""
        pixels, channels = np.divmod(indices, 1 if self.folded else self.shape.channels)
        rows, columns = np.divmod(pixels, self.columns)
        down, across = np.divmod(channels, self.tile_columns)
        x = across * (self.tile_width + TILE_GAP) + 1 + self._middle(columns, self.cell_width)
        y = down * (self.tile_height + TILE_GAP) + 1 + self._middle(rows, self.cell_height)
        return np.stack([x, y], axis=-1)

    def _middle(self, position: np.ndarray, cell: int) -> np.ndarray:
        return position // self.block * cell + (cell - self.line) / 2

    def squares(self, values: np.ndarray) -> np.ndarray:
        """Turn values (H, W, C) into (tiles, down, across) float64; NaN where a fold has no neuron."""
        if self.folded:
            cells = np.full(self.rows * self.columns, np.nan)
            cells[: values.size] = values.ravel()
            return _block_means(cells.reshape(1, self.rows, self.columns), self.block)
        return _block_means(np.moveaxis(values, -1, 0).astype(np.float64), self.block)

    def paint(self, layer: LayerPicture, limit: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the layer's pixels, uint8 (height, width, 3), and where they are, bool (height, width)."""
        pixels = np.zeros((self.height, self.width, 3), np.uint8)
        drawn = np.zeros((self.height, self.width), bool)
        frame = ImageColor.getrgb(BORDER)
        for number, squares in enumerate(self.squares(np.asarray(layer.values))):
            down, across = divmod(number, self.tile_columns)
            top, left = down * (self.tile_height + TILE_GAP), across * (self.tile_width + TILE_GAP)
            place = np.s_[top : top + self.tile_height, left : left + self.tile_width]
            colours = self._colours(squares, layer, number, limit)
            colours[np.isnan(squares)] = frame
            pixels[place] = self._tile(colours, frame)
            drawn[place] = True
        return pixels, drawn

    def _colours(self, squares: np.ndarray, layer: LayerPicture, tile: int, limit: float) -> np.ndarray:
        values = np.nan_to_num(squares)
        if not layer.image:
            return diverging(values, limit)
        primary = not self.folded and self.tiles in (3, 4) and tile < 3
        return sequential(values, tile if primary else None)

    def _tile(self, colours: np.ndarray, frame: tuple[int, ...]) -> np.ndarray:
        tile = np.full((self.tile_height, self.tile_width, 3), frame, np.uint8)
        cells = enlarge(colours, self.cell_height, self.cell_width)
        tile[1 : 1 + len(cells), 1 : 1 + cells.shape[1]] = cells
        if self.line:
            tile[:: self.cell_height] = frame
            tile[:, :: self.cell_width] = frame
        return tile


def arrange(shape: Shape, width: int, height: int) -> Raster:
    """Return the arrangement of a layer with the largest squares that fit into a box of pixels."""
    channels = shape.channels
    folded = sorted(shape)[1] == 1 or channels * LEAST_TILE_AREA > width * height
    rows, columns = _fold(shape.size) if folded else (shape.height, shape.width)
    tiles = 1 if folded else channels
    across = np.arange(1, tiles + 1)
    down = -(-tiles // across)
    tile_width = (width + TILE_GAP) // across - TILE_GAP - 2
    tile_height = (height + TILE_GAP) // down - TILE_GAP - 2
    fit = np.minimum(tile_width / columns, tile_height / rows)
    size = np.where(fit >= 1, np.minimum(np.floor(fit), LARGEST_CELL), fit)
    best = np.lexsort((np.abs(across * columns - down * rows), across * down - tiles, -size))[0]
    block = math.ceil(1 / min(size[best], 1))
    cell = max(int(size[best]), 1)
    return Raster(
        shape=Shape(*shape),
        folded=folded,
        rows=rows,
        columns=columns,
        block=block,
        tiles=tiles,
        tile_columns=int(across[best]),
        cell_height=_thicken(cell, math.ceil(rows / block), int(tile_height[best])),
        cell_width=_thicken(cell, math.ceil(columns / block), int(tile_width[best])),
    )


def _thicken(cell: int, count: int, room: int) -> int:
    """Make the squares of a strip so thin that it could be overlooked longer across the strip."""
    return max(cell, min(room // count, math.ceil(LEAST_SIDE / count)))


def _fold(count: int) -> tuple[int, int]:
    """Rows and columns of a nearly square tile, full if possible, higher than wide."""
    side = math.ceil(math.sqrt(count))
    rows = next((each for each in range(side, 2 * side + 1) if count % each == 0), side)
    return rows, math.ceil(count / rows)


def _block_means(values: np.ndarray, block: int) -> np.ndarray:
    """Means over block x block numbers of (tiles, rows, columns), smaller at the far edges; NaN left out."""
    if block == 1:
        return values
    present = ~np.isnan(values)
    sums, counts = np.where(present, values, 0.0), present.astype(np.float64)
    for axis in (1, 2):
        starts = np.arange(0, values.shape[axis], block)
        sums, counts = (np.add.reduceat(each, starts, axis=axis) for each in (sums, counts))
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
