"""Panels of curves in the look of `nn.render`, labelled where the lines end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullLocator
from PIL import Image

from experiments.comparison import Comparison, Variant
from nn.render.canvas import FONT_FAMILY, MARGIN, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, WIDTH
from nn.render.colours import BACKGROUND, BORDER, GRID, INK, MUTED

DOTS_PER_INCH = 100
POINTS = 72 / DOTS_PER_INCH
LABEL_STEP = 15
MEANING = "lines are means over the seeds, dots are single seeds"
STYLE: dict[Any, Any] = {
    "font.family": FONT_FAMILY,
    "font.size": SMALL_SIZE * POINTS,
    "text.parse_math": False,
    "axes.edgecolor": BORDER,
    "axes.facecolor": BACKGROUND,
    "axes.linewidth": POINTS,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": GRID,
    "grid.linewidth": POINTS,
    "lines.linewidth": 1.6 * POINTS,
    "lines.markersize": 5 * POINTS,
    "xtick.color": BORDER,
    "xtick.labelcolor": MUTED,
    "ytick.color": BACKGROUND,
    "ytick.labelcolor": MUTED,
}


class LogarithmicTicks(Locator):
    """Places ticks that are readable numbers: evenly where a scale spans little, at 1, 2 and 5 where much."""

    def __call__(self) -> Sequence[float]:
        """Return the places of the axis that has these."""
        assert self.axis is not None
        low, high = self.axis.get_view_interval()
        return self.tick_values(low, high)

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return the places from one number to another."""
        if vmax <= 2 * vmin:
            return MaxNLocator(5).tick_values(vmin, vmax)
        subs = (1, 2, 5) if vmax > 10 * vmin else (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8)
        return LogLocator(subs=subs, numticks=20).tick_values(vmin, vmax)


class Panels:
    """A picture of several panels; all places are in pixels from the upper left corner."""

    def __init__(self, height: int) -> None:
        size = WIDTH / DOTS_PER_INCH, height / DOTS_PER_INCH
        self.figure = Figure(size, DOTS_PER_INCH, facecolor=BACKGROUND)
        self.height = height

    def title(self, text: str, remark: str) -> None:
        """Write the title of the picture and, below it, a remark."""
        self.write((MARGIN, MARGIN + TITLE_SIZE), text, size=TITLE_SIZE)
        self.write((MARGIN, MARGIN + TITLE_SIZE + 22), remark, colour=MUTED)

    def panel(self, box: tuple[int, int, int, int], title: str) -> Axes:
        """Add a panel whose lines fill the box (left, top, right, bottom), with a title above it."""
        left, top, right, bottom = box
        self.write((left, top - 12), title)
        place = left / WIDTH, 1 - bottom / self.height, (right - left) / WIDTH, (bottom - top) / self.height
        return self.figure.add_axes(place)

    def write(
        self, place: tuple[float, float], text: str, *, size: int = TEXT_SIZE, colour: str = INK
    ) -> None:
        """Write a line of text; the place is that of its left end on the baseline."""
        x, y = place[0] / WIDTH, 1 - place[1] / self.height
        self.figure.text(x, y, text, fontsize=size * POINTS, color=colour)

    def label_ends(self, axes: Axes, ends: Sequence[tuple[str, str, float]]) -> None:
        """Write names at the right edge of a panel: (name, colour, height in the panel's own unit)."""
        if not ends:
            return
        right, bottom = axes.transAxes.transform((1, 0))
        top = axes.transAxes.transform((1, 1))[1]
        heights = [axes.transData.transform((axes.get_xlim()[0], end))[1] for *_, end in ends]
        places = move_apart(np.clip(heights, bottom, top), LABEL_STEP, (bottom, top))
        for (name, colour, _), place in zip(ends, places, strict=True):
            self.write((right + 6, self.height - place + 4), name, size=SMALL_SIZE, colour=colour)

    def image(self) -> Image.Image:
        """Return what was drawn, as RGB."""
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


@contextmanager
def panels(height: int) -> Iterator[Panels]:
    """Yield an empty picture, 900 pixels wide, to be drawn on within the block."""
    with matplotlib.rc_context(STYLE):
        yield Panels(height)


def make_logarithmic(axes: Axes) -> None:
    """Give a panel a logarithmic scale with readable numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogarithmicTicks())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))


def move_apart(places: np.ndarray, step: float, limits: tuple[float, float]) -> np.ndarray:
    """Return places at least a step apart and within the limits, in the same order.

    Places that are too close move apart to both sides equally. Where there is not enough room for all,
    they begin below the lower limit.
    """
    order = np.argsort(places, kind="stable")
    ranks = np.arange(len(places)) * step
    excess = np.asarray(places)[order] - ranks
    upwards, downwards = np.maximum.accumulate(excess), np.minimum.accumulate(excess[::-1])[::-1]
    apart = np.empty(len(places))
    apart[order] = np.clip((upwards + downwards) / 2, limits[0], limits[1] - ranks[-1]) + ranks
    return apart


def epoch_ticks() -> MaxNLocator:
    """Return what places ticks at whole epochs alone, even where there is just one."""
    return MaxNLocator(8, integer=True, min_n_ticks=1)


def ordered_colours(count: int) -> list[str]:
    """Return colours from dark to light for variants that are steps of one quantity."""
    shades = matplotlib.colormaps["viridis"](np.linspace(0, 0.82, count))
    return [matplotlib.colors.to_hex(shade) for shade in shades]


def draw_losses(picture: Panels, axes: Axes, comparison: Comparison, variants: Mapping[str, Variant]) -> None:
    """Draw the held-out loss of named variants over the epochs, starting a little above the slow half.

    All panels of a comparison have the same range of losses; dashed lines are its thresholds.
    """
    last = np.array([comparison.mean_losses(variant)[-1] for variant in comparison.runs])
    last = last[np.isfinite(last)]
    highest = max(comparison.thresholds.half * 1.3, last.max() * 1.1)
    _set_loss_axes(
        axes, (min(comparison.thresholds.final, last.min()) / 1.08, highest), comparison.task.epochs
    )
    for threshold in comparison.thresholds:
        axes.axhline(threshold, color=MUTED, linewidth=POINTS, linestyle=(0, (4, 3)))
    ends = []
    for (name, variant), colour in zip(variants.items(), ordered_colours(len(variants)), strict=True):
        losses = comparison.mean_losses(variant)
        axes.plot(comparison.task.measuring_epochs, losses, color=colour)
        ends.append((name, colour, losses[np.isfinite(losses)][-1]))
    picture.label_ends(axes, ends)


def _set_loss_axes(axes: Axes, losses: tuple[float, float], epochs: int) -> None:
    axes.set(yscale="log", ylim=losses, xlim=(0, epochs))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 7), numticks=20))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.xaxis.set_major_locator(epoch_ticks())
    axes.set_xlabel("epoch", color=MUTED)


def draw_seeds(axes: Axes, numbers: np.ndarray, colour: str) -> float:
    """Draw a number of every variant and seed as dots, their means as a line, and return its last height.

    Parameters
    ----------
    axes
        Where variant number k stands at x = k.
    numbers
        float64 (variants, seeds). Infinite ones are drawn as triangles at the top, and their
        variants have no mean.
    colour
        Of all of them.
    """
    places = np.indices(numbers.shape)[0]
    finite = np.isfinite(numbers)
    means = numbers.mean(axis=1)
    axes.plot(means, color=colour)
    axes.plot(places[finite], numbers[finite], "o", color=colour, alpha=0.45, markeredgewidth=0)
    axes.plot(
        places[~finite],
        np.ones(np.sum(~finite)),
        "^",
        color=colour,
        markerfacecolor=BACKGROUND,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
    )
    drawn = means[np.isfinite(means)]
    return float(drawn[-1]) if drawn.size else np.inf
