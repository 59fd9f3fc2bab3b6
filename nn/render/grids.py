"""Images in rows and columns, and reconstructions as pairs of rows: originals above, outputs below."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from nn.render.canvas import (
    MARGIN,
    SMALL_SIZE,
    TITLE_SIZE,
    WIDTH,
    blank,
    enlarge,
    fit_text,
    text_width,
    write,
)
from nn.render.colours import BORDER, MUTED, check_images, image_to_rgb

GREATEST_SIDE = 960
LARGEST_IMAGE = 160
GAP = 6
BAND_GAP = 10
LABEL_GAP = 8


@dataclass(frozen=True)
class Grid:
    """Where the images of a picture stand.

    Attributes
    ----------
    rows, columns
        How many images down and across.
    height, width
        Of one image, before it is enlarged.
    band
        Rows that belong together; a wider gap follows each band.
    row_labels, column_labels
        Text beside every row and above every column; may be empty.
    title
        Above everything; may be empty.
    greatest_height
        How high the picture may become by enlarging its images.
    """

    rows: int
    columns: int
    height: int
    width: int
    band: int = 1
    row_labels: Sequence[str] = ()
    column_labels: Sequence[str] = ()
    title: str = ""
    greatest_height: int = GREATEST_SIDE

    @property
    def scale(self) -> float:
        """How much larger text must be in a picture that will be shown at `WIDTH` but is wider."""
        return max(1.0, self.columns * (self.width + GAP) / (WIDTH - 2 * MARGIN))

    @property
    def label_size(self) -> int:
        """Height of the letters in pixels."""
        return round(SMALL_SIZE * self.scale)

    @cached_property
    def left(self) -> int:
        """Where the first column starts."""
        widest = max((text_width(label, self.label_size) for label in self.row_labels), default=0)
        limit = round(WIDTH * self.scale / 3)
        return MARGIN + (min(widest, limit) + LABEL_GAP if widest else 0)

    @property
    def top(self) -> int:
        """Where the first row starts."""
        title = round(2 * TITLE_SIZE * self.scale) if self.title else 0
        return MARGIN + title + (self.label_size + LABEL_GAP if any(self.column_labels) else 0)

    @property
    def gaps_below(self) -> int:
        """Height of all the wider gaps between bands together."""
        return (math.ceil(self.rows / self.band) - 1) * BAND_GAP if self.band > 1 else 0

    @cached_property
    def factor(self) -> int:
        """How many times every image is enlarged: at least 1, and as far as the picture's size allows."""
        across = (GREATEST_SIDE - self.left - MARGIN) // self.columns - GAP
        down = (self.greatest_height - self.top - MARGIN - self.gaps_below) // self.rows - GAP
        largest = LARGEST_IMAGE // max(self.height, self.width)
        return max(1, min(across // self.width, down // self.height, largest))

    @cached_property
    def column_step(self) -> int:
        """From one column to the next."""
        return self.width * self.factor + GAP

    @cached_property
    def row_step(self) -> int:
        """From one row to the next: never less than a label needs."""
        label = self.label_size + 2 if any(self.row_labels) else 0
        return max(self.height * self.factor, label) + GAP

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        across = self.left + self.columns * self.column_step - GAP + MARGIN
        title = 2 * MARGIN + text_width(self.title, round(TITLE_SIZE * self.scale)) if self.title else 0
        down = self.top + self.rows * self.row_step - GAP + self.gaps_below + MARGIN
        return max(across, min(title, WIDTH)), down

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Left and upper edge of one image."""
        below = row // self.band * BAND_GAP if self.band > 1 else 0
        return self.left + column * self.column_step, self.top + row * self.row_step + below


def draw_grid(grid: Grid, images: Iterable[tuple[int, int, np.ndarray]]) -> Image.Image:
    """Draw images (H, W, C), given with their row and column, and the grid's labels and title."""
    picture = blank(*grid.size)
    draw = ImageDraw.Draw(picture)
    for row, column, image in images:
        x, y = grid.place(row, column)
        pixels = image_to_rgb(enlarge(image, grid.factor, grid.factor))
        picture.paste(Image.fromarray(pixels), (x, y))
        draw.rectangle((x - 1, y - 1, x + pixels.shape[1], y + pixels.shape[0]), outline=BORDER)
    _label_rows(picture, grid)
    _label_columns(picture, grid)
    size = round(TITLE_SIZE * grid.scale)
    title = fit_text(grid.title, size, picture.width - 2 * MARGIN)
    write(picture, (MARGIN, MARGIN), title, size=size, anchor="la")
    return picture


def _label_rows(picture: Image.Image, grid: Grid) -> None:
    width = grid.left - MARGIN - LABEL_GAP
    for row, label in enumerate(grid.row_labels):
        x, y = grid.place(row, 0)
        middle = y + grid.height * grid.factor / 2
        text = fit_text(label, grid.label_size, width)
        write(picture, (x - LABEL_GAP, middle), text, size=grid.label_size, colour=MUTED, anchor="rm")


def _label_columns(picture: Image.Image, grid: Grid) -> None:
    widest = max((text_width(label, grid.label_size) for label in grid.column_labels), default=0)
    every = math.ceil((widest + LABEL_GAP) / grid.column_step)
    for column in range(0, len(grid.column_labels), every):
        label = fit_text(grid.column_labels[column], grid.label_size, picture.width - 8)
        half = text_width(label, grid.label_size) / 2 + 4
        middle = grid.place(0, column)[0] + grid.width * grid.factor / 2
        x = min(max(middle, half), picture.width - half)
        y = grid.top - LABEL_GAP
        write(picture, (x, y), label, size=grid.label_size, colour=MUTED, anchor="ms")


def reconstructions(originals: np.ndarray, outputs: np.ndarray, *, title: str = "") -> Image.Image:
    """Draw every original with the network's output under it, in an approximately square whole.

    Small images are enlarged by a whole factor. All pairs are drawn, however many there are.

    Parameters
    ----------
    originals, outputs
        Floating point (n, H, W, C) in [0, 1], the same shape, C = 1 (grey), 3 (RGB) or 4 (RGBA, laid over
        a checkerboard). Numbers outside [0, 1] are drawn as the nearest end.
    title
        Written above; nothing by default.

    Returns
    -------
    PIL.Image.Image
        RGB.

    Raises
    ------
    TypeError
        When the arrays are not floating point.
    ValueError
        When the shapes differ or cannot be drawn, there is no image, or a number is NaN or infinite.
    """
    originals, outputs = np.asarray(originals), np.asarray(outputs)
    check_images(originals, "originals", "NHWC")
    check_images(outputs, "outputs", "NHWC")
    if originals.shape != outputs.shape:
        raise ValueError(
            f"originals have shape {originals.shape}, outputs {outputs.shape}; they must be equal"
        )
    grid = _square_grid(len(originals), *originals.shape[1:3], title=title)
    pairs = enumerate(zip(originals, outputs, strict=True))
    return draw_grid(
        grid,
        (
            (index // grid.columns * 2 + below, index % grid.columns, image)
            for index, pair in pairs
            for below, image in enumerate(pair)
        ),
    )


def _square_grid(count: int, height: int, width: int, *, title: str) -> Grid:
    """Return the grid of `count` pairs whose picture is nearest to a square, the fewest columns first."""

    def candidate(columns: int) -> Grid:
        bands = math.ceil(count / columns)
        labels = ("original", "output") * bands
        return Grid(2 * bands, columns, height, width, band=2, row_labels=labels, title=title)

    def elongation(columns: int) -> float:
        across, down = candidate(columns).size
        return abs(math.log(across / down))

    return candidate(min(range(1, count + 1), key=elongation))
