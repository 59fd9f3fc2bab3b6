"""Pictures of entries: images as they are, series as lines and as images of their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from experiments.charts import ordered_colours
from experiments.gan.form import Form
from experiments.gan.parts import Part
from experiments.gan.sampling import Shown
from nn.render.canvas import blank
from nn.render.colours import BACKGROUND, GRID
from nn.render.grids import Grid, draw_grid
from workbench.files import replacing

LINES = (96, 96)
"""Height and width of a plot of one series, in pixels."""

FINER = 3
"""How many times finer lines are drawn before they are reduced."""

FRAMES = 60
"""Most pictures of a GIF."""

MILLISECONDS = 160
"""From one picture to the next; the last stays ten times as long."""

EPOCH = re.compile(r"epoch-\d+\.png")


class Rows(NamedTuple):
    """What is written beside rows and above columns, which may be nothing, above everything, and how many
    rows belong together."""

    row_labels: Sequence[str] = ()
    column_labels: Sequence[str] = ()
    title: str = ""
    band: int = 1


def draw_shown(form: Form, made: np.ndarray, shown: Shown, title: str) -> Image.Image:
    """Draw generated entries, and below them the row of real ones."""
    columns = len(shown.real)
    generated = [f"generated {number + 1}" for number in range(len(made) // columns)]
    heads = [] if shown.labels is None else [form.classes[label] for label in shown.labels]
    both = np.concatenate([made, shown.real.values])
    masks = None
    if shown.masks is not None or shown.real.masks is not None:
        masks = np.concatenate([_all_or(shown.masks, made), _all_or(shown.real.masks, shown.real.values)])
    rows = Rows([*generated, "real"], heads, title, band=len(generated))
    return draw_rows(form, Part(both, None, masks), columns, rows)


def _all_or(masks: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    return np.ones(values.shape[:2], bool) if masks is None else masks


def draw_rows(form: Form, entries: Part, columns: int, rows: Rows) -> Image.Image:
    """Draw entries row by row; series as lines, and as images by the global and by the local maximum.

    Parameters
    ----------
    form
        What their numbers mean.
    entries
        Scaled, rows * columns of them.
    columns
        In a row.
    rows
        What is written.
    """
    shares = form.shares(entries.values)
    if form.are_images:
        return _draw_cells(shares, columns, rows)
    there = np.ones(shares.shape[:2], bool) if entries.masks is None else entries.masks
    shares = np.where(there[..., None], shares, 0).astype(np.float32)
    parts = [
        (line_cells(shares, there), rows.title),
        (as_images(shares, there, "global"), "each series as an image: steps across, variables down"),
        (as_images(shares, there, "local"), "the same, each from its own minimum to its own maximum"),
    ]
    pictures = [_draw_cells(cells, columns, rows._replace(title=text)) for cells, text in parts]
    whole = blank(max(each.width for each in pictures), sum(each.height for each in pictures))
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height
    return whole


def _draw_cells(cells: np.ndarray, columns: int, rows: Rows) -> Image.Image:
    height, width = cells.shape[1:3]
    labels = rows.row_labels, rows.column_labels
    grid = Grid(len(cells) // columns, columns, height, width, rows.band, *labels, rows.title)
    return draw_grid(grid, ((place // columns, place % columns, cell) for place, cell in enumerate(cells)))


def line_cells(shares: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Draw series as small plots.

    Parameters
    ----------
    shares
        (N, steps, variables) in [0, 1].
    there
        bool (N, steps).

    Returns
    -------
    cells
        float32 (N, height, width, 3) in [0, 1]: a line for every variable, dark to light; lower and upper
        edge are the smallest and largest values of the training.
    """
    height, width = LINES[0] * FINER, LINES[1] * FINER
    colours = ordered_colours(shares.shape[2])
    margin = 4 * FINER
    across = np.linspace(margin, width - margin, shares.shape[1]) if shares.shape[1] > 1 else [width / 2]
    cells = np.empty((len(shares), *LINES, 3), np.float32)
    for place, (series, steps) in enumerate(zip(shares, there, strict=True)):
        picture = Image.new("RGB", (width, height), BACKGROUND)
        draw = ImageDraw.Draw(picture)
        draw.line((0, height / 2, width, height / 2), fill=GRID, width=FINER)
        for values, colour in zip(series.T, colours, strict=True):
            down = height - margin - values * (height - 2 * margin)
            points = [(x, y) for x, y, is_there in zip(across, down, steps, strict=True) if is_there]
            if len(points) == 1:
                draw.circle(points[0], 2 * FINER, fill=colour)
            else:
                draw.line(points, fill=colour, width=round(1.6 * FINER), joint="curve")
        cells[place] = np.asarray(picture.reduce(FINER), np.float32) / 255
    return cells


def as_images(shares: np.ndarray, there: np.ndarray, by: str) -> np.ndarray:
    """Return series as grey images, square: steps across, variables down.

    Parameters
    ----------
    shares
        (N, steps, variables), 0 to 1 over the range of the training.
    there
        bool (N, steps); other steps are black.
    by
        "global": as they are; "local": each series from its own minimum to its own maximum.

    Returns
    -------
    images
        float32 (N, side, side, 1) in [0, 1].
    """
    if by == "local":
        inside = there[..., None]
        least = np.where(inside, shares, np.inf).min(axis=(1, 2), keepdims=True)
        most = np.where(inside, shares, -np.inf).max(axis=(1, 2), keepdims=True)
        span = np.where(most > least, most - least, 1)
        shares = np.where(inside, (shares - least) / span, 0).astype(np.float32)
    rows = np.moveaxis(shares, 1, 2)
    side = max(rows.shape[1:])
    down, across = (np.arange(side) * count // side for count in rows.shape[1:])
    return rows[:, down][:, :, across][..., None]


def write_gif(path: Path, pictures: Sequence[Image.Image]) -> None:
    """Write pictures of one size as a GIF that repeats."""
    frames = [each.convert("P", palette=Image.Palette.ADAPTIVE, colors=64) for each in pictures]
    times = [MILLISECONDS] * (len(frames) - 1) + [10 * MILLISECONDS]
    with replacing(path) as file:
        frames[0].save(file, format="GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)


def progress_frames(folder: Path) -> list[Image.Image]:
    """Return pictures of the epochs, at most `FRAMES` of them, evenly chosen, the last one among them."""
    paths = sorted(path for path in folder.glob("*.png") if EPOCH.fullmatch(path.name))
    chosen = np.unique(np.linspace(0, len(paths) - 1, min(len(paths), FRAMES)).round().astype(int))
    frames = []
    for place in chosen:
        with Image.open(paths[place]) as picture:
            frames.append(picture.convert("RGB"))
    return [each for each in frames if each.size == frames[-1].size]
