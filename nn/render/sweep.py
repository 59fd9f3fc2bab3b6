"""The decoder swept over the code: what every number of the code does to the image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from nn.render.canvas import WIDTH
from nn.render.colours import check_images
from nn.render.grids import Grid, draw_grid

GREATEST_HEIGHT = 3 * WIDTH // 2


def code_sweep(
    images: np.ndarray,
    *,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    title: str = "",
) -> Image.Image:
    """Draw decoded images: a row for each entry of the code, a column for each value it is given.

    Parameters
    ----------
    images
        Floating point (rows, columns, H, W, C) in [0, 1], C = 1, 3 or 4 as in `reconstructions`.
    row_labels, column_labels
        One for each row and column, or none; where columns are narrow only every second (third, ...)
        label is written.
    title
        Written above; nothing by default.

    Returns
    -------
    PIL.Image.Image
        RGB.

    Raises
    ------
    TypeError
        When the array is not floating point.
    ValueError
        When it cannot be drawn, a number is NaN or infinite, or labels are missing.
    """
    images = np.asarray(images)
    check_images(images, "images", ("row", "column", "H", "W", "C"))
    rows, columns, height, width = images.shape[:4]
    for labels, count, what in ((row_labels, rows, "row"), (column_labels, columns, "column")):
        if len(labels) not in (0, count):
            raise ValueError(f"{len(labels)} {what} labels for {count} {what}s: give one each, or none")
    grid = Grid(
        rows,
        columns,
        height,
        width,
        row_labels=row_labels,
        column_labels=column_labels,
        title=title,
        greatest_height=GREATEST_HEIGHT,
    )
    return draw_grid(grid, ((row, column, images[row, column]) for row, column in np.ndindex(rows, columns)))
