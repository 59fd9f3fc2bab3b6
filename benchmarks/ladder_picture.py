"""The ladder as a picture: a bar for every rung and peer of every headline, and the machine's limit."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from PIL import Image

from benchmarks.figures import Direction, Measured, MeasuredRow, Timing
from benchmarks.tables import headlines
from nn.render.canvas import FONT_FAMILY
from nn.render.colours import BACKGROUND, BORDER, GRID, HELD_OUT, INK, MUTED, TRAIN

COLUMNS = 3
WIDTH, PANEL_HEIGHT, TOP, BOTTOM = 1350, 250, 78, 16
SLOTS = 8
"""Room for bars in a panel: all have the same height."""

NEAR = 0.3
"""Share of the limit from which the number of a bar stands within it."""

DOTS_PER_INCH = 100
POINT = 72 / DOTS_PER_INCH
RUNG_COLOURS = ("#7fb2d6", "#4795c8", TRAIN, "#004c7a")
PEER_COLOUR = "#87919c"
STYLE: dict[Any, Any] = {
    "font.family": FONT_FAMILY,
    "font.size": 12 * POINT,
    "text.parse_math": False,
    "axes.edgecolor": BORDER,
    "axes.linewidth": POINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": POINT,
    "xtick.color": BORDER,
    "xtick.labelcolor": MUTED,
    "ytick.left": False,
    "ytick.labelcolor": INK,
}


def draw_ladder(families: Mapping[str, Measured]) -> Image.Image:
    """Draw all headlines that make products, three panels to a line."""
    shown = [each for each in headlines(families) if each[2].operations]
    lines = math.ceil(len(shown) / COLUMNS)
    height = TOP + lines * PANEL_HEIGHT + BOTTOM
    with matplotlib.rc_context(STYLE):
        figure = Figure((WIDTH / DOTS_PER_INCH, height / DOTS_PER_INCH), DOTS_PER_INCH, facecolor=BACKGROUND)
        _title(figure, height, shown[0][0] if shown else None)
        for number, (measured, row, direction) in enumerate(shown):
            line, column = divmod(number, COLUMNS)
            left = 18 + column * WIDTH / COLUMNS + 118
            top = TOP + line * PANEL_HEIGHT + 52
            box = left, top, WIDTH / COLUMNS - 190, PANEL_HEIGHT - 96
            axes = figure.add_axes(
                (box[0] / WIDTH, 1 - (box[1] + box[3]) / height, box[2] / WIDTH, box[3] / height)
            )
            _panel(axes, measured, row, direction)
            name = f"{measured.family}: {row.title}, {direction.name}"
            place = (box[0] - 118) / WIDTH, 1 - (box[1] - 8) / height
            text = "\n".join(textwrap.wrap(name, 44)[:2])
            figure.text(*place, text, color=INK, va="bottom", linespacing=1.3)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _title(figure: Figure, height: int, measured: Measured | None) -> None:
    figure.text(18 / WIDTH, 1 - 34 / height, "The ladder, in GFLOP/s", fontsize=19 * POINT, color=INK)
    if measured is not None:
        environment = measured.environment
        remark = (
            f"{environment.processor}, {environment.threads} threads; logarithmic. The line is the machine's "
            "own rate in matrix products."
        )
        figure.text(18 / WIDTH, 1 - 58 / height, remark, fontsize=13 * POINT, color=MUTED)


def _panel(axes: Axes, measured: Measured, row: MeasuredRow, direction: Direction) -> None:
    timings = list(direction.timings)
    rates = [direction.operations / each.median / 1e9 for each in timings]
    limit = measured.limit(max(each.threads for each in timings)).product / 1e9
    places = -np.arange(len(timings))
    axes.set_xscale("log")
    lowest = 10 ** math.floor(math.log10(min(*rates, limit / 100) * 0.9))
    axes.set_xlim(lowest, limit * 1.12)
    axes.set_ylim(0.6 - SLOTS, 0.6)
    axes.barh(places, rates, height=0.72, color=_colours(row, timings), left=0)
    axes.axvline(limit, color=HELD_OUT, linewidth=1.6 * POINT)
    axes.set_yticks(places, [_label(each, row) for each in timings])
    axes.xaxis.set_major_locator(LogLocator(numticks=8))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="x")
    axes.tick_params(length=0)
    for place, rate in zip(places, rates, strict=True):
        inside = rate > NEAR * limit
        axes.annotate(
            f"{rate:.3g}",
            (rate, place),
            (-5 if inside else 4, -0.5),
            textcoords="offset points",
            ha="right" if inside else "left",
            va="center",
            color=BACKGROUND if inside else INK,
            fontsize=11 * POINT,
        )
    axes.annotate(
        f"{limit:.0f}",
        (limit, 1),
        (0, 2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        color=HELD_OUT,
        fontsize=11 * POINT,
    )


def _label(timing: Timing, row: MeasuredRow) -> str:
    name = timing.contestant.replace("PyTorch, channels last", "… channels last")
    if timing.contestant == row.top:
        return f"{name}, {timing.threads} thread{'s' * (timing.threads > 1)}"
    return name


def _colours(row: MeasuredRow, timings: list[Timing]) -> list[str]:
    """Return darker blues for higher rungs, and one grey for all peers."""
    own = [each for each in timings if each.contestant in row.rungs]
    blues = RUNG_COLOURS[-len(own) :]
    return [*blues, *[PEER_COLOUR] * (len(timings) - len(own))]
