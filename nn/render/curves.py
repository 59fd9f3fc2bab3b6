"""The loss over time, of training and held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from PIL import Image

from nn.render.canvas import (
    FONT_FAMILY,
    MARGIN,
    SMALL_SIZE,
    TEXT_SIZE,
    TITLE_SIZE,
    WIDTH,
    fit_text,
    number,
    text_width,
)
from nn.render.colours import BACKGROUND, BORDER, GRID, HELD_OUT, INK, MUTED, TRAIN

HEIGHT = 420
DOTS_PER_INCH = 100
POINTS = 72 / DOTS_PER_INCH
LEFT, RIGHT, TOP, BOTTOM = 76, 190, 66, 58
LABEL_STEP = 44
LOGARITHMIC_FROM = 8.0
MARKERS_UP_TO = 40

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class _Series:
    """One curve: its name, its colour, and (n, 2) float64 of time and loss."""

    name: str
    colour: str
    points: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """The first point with the lowest loss."""
        return self.points[np.argmin(self.points[:, 1])]


def loss_curve(
    train: Points,
    held_out: Points = (),
    *,
    steps_per_epoch: float | None = None,
    title: str = "Loss",
) -> Image.Image:
    """Draw how the loss fell; each curve's last and best loss are written beside it.

    The scale is logarithmic when all losses are positive and the largest is at least 8 times the smallest,
    otherwise linear; the picture says which.

    Parameters
    ----------
    train, held_out
        Pairs (step, loss), steps increasing; one of the two may be empty.
    steps_per_epoch
        When given, the time is shown in epochs.
    title
        Written above.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide.

    Raises
    ------
    ValueError
        When both are empty, steps do not increase, or a number is NaN or infinite; naming the step.
    """
    if steps_per_epoch is not None and not steps_per_epoch > 0:
        raise ValueError(f"{steps_per_epoch} steps per epoch: it must be positive")
    curves = [
        _Series(name, colour, _check_points(name, points) / (steps_per_epoch or 1, 1))
        for name, colour, points in (("train", TRAIN, train), ("held-out", HELD_OUT, held_out))
        if len(points)
    ]
    if not curves:
        raise ValueError("there is no loss to draw: both curves are empty")
    unit = "step" if steps_per_epoch is None else "epoch"
    figure = Figure((WIDTH / DOTS_PER_INCH, HEIGHT / DOTS_PER_INCH), DOTS_PER_INCH, facecolor=BACKGROUND)
    axes = _add_axes(figure)
    scale = _set_limits(axes, np.concatenate([each.points for each in curves]))
    axes.set_xlabel(unit, fontsize=TEXT_SIZE * POINTS, color=MUTED, family=FONT_FAMILY)
    for curve in curves:
        _draw_curve(axes, curve)
    _label_curves(figure, axes, curves, unit)
    _write_title(figure, title, f"{scale} scale")
    return _to_image(figure)


def _check_points(name: str, points: Points) -> np.ndarray:
    array = np.asarray(points, np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name} has shape {array.shape}, expected pairs (step, loss)")
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        step, loss = array[np.argmin(finite)]
        raise ValueError(f"{name}: the loss at step {step:g} is {loss}; only finite numbers can be drawn")
    increases = np.diff(array[:, 0]) > 0
    if not increases.all():
        before, step = array[np.argmin(increases) :, 0][:2]
        raise ValueError(f"{name}: step {step:g} follows step {before:g}; steps must increase")
    return array


def _add_axes(figure: Figure) -> Axes:
    box = (LEFT / WIDTH, BOTTOM / HEIGHT, (WIDTH - LEFT - RIGHT) / WIDTH, (HEIGHT - TOP - BOTTOM) / HEIGHT)
    axes = figure.add_axes(box, facecolor=BACKGROUND)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=BORDER, linewidth=POINTS)
    axes.grid(axis="y", which="major", color=GRID, linewidth=POINTS, linestyle="-")
    axes.set_axisbelow(True)
    for which in ("major", "minor"):
        axes.tick_params(which=which, color=BORDER, labelcolor=MUTED, labelsize=SMALL_SIZE * POINTS)
        axes.tick_params(which=which, labelfontfamily=FONT_FAMILY, axis="both", left=False)
    return axes


def _set_limits(axes: Axes, points: np.ndarray) -> str:
    """Set both scales and return the name of the vertical one."""
    (first, lowest), (last, highest) = points.min(axis=0), points.max(axis=0)
    margin = 0.02 * (last - first) or 0.5
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(
        MaxNLocator(8, min_n_ticks=1, integer=bool(last - first >= 2 or last == first))
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "−")))
    logarithmic = lowest > 0 and highest / lowest >= LOGARITHMIC_FROM
    if logarithmic:
        room = (highest / lowest) ** 0.06
        axes.set_yscale("log")
        axes.set_ylim(lowest / room, highest * room)
        multiples = (1, 2, 5) if highest / lowest < 1000 else (1,)
        axes.yaxis.set_major_locator(LogLocator(subs=multiples, numticks=9))
        axes.yaxis.set_minor_locator(LogLocator(subs=()))
    else:
        room = 0.06 * (highest - lowest) or 0.1 * abs(highest) or 1.0
        axes.set_ylim(lowest - room, highest + room)
        axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}".replace("-", "−")))
    return "logarithmic" if logarithmic else "linear"


def _draw_curve(axes: Axes, curve: _Series) -> None:
    few = len(curve.points) <= MARKERS_UP_TO
    axes.plot(
        *curve.points.T,
        color=curve.colour,
        linewidth=(2 if few else 1.4) * POINTS,
        linestyle="-",
        marker="o" if few else "",
        markersize=4 * POINTS,
        solid_joinstyle="round",
    )
    axes.plot(
        *curve.best,
        marker="o",
        markersize=9 * POINTS,
        markerfacecolor=BACKGROUND,
        markeredgecolor=curve.colour,
        markeredgewidth=2 * POINTS,
        zorder=5,
        clip_on=False,
    )


def _label_curves(figure: Figure, axes: Axes, curves: Sequence[_Series], unit: str) -> None:
    """Write name, last and best loss at the right end of every curve, moved apart where they would touch."""
    order = sorted(curves, key=lambda curve: curve.points[-1, 1])
    heights = [float(axes.transData.transform(curve.points[-1])[1]) for curve in order]
    if len(heights) == 2 and heights[1] - heights[0] < LABEL_STEP:
        middle = max(sum(heights) / 2, BOTTOM + LABEL_STEP)
        heights = [middle - LABEL_STEP / 2, middle + LABEL_STEP / 2]
    x = WIDTH - RIGHT + 10
    for curve, height in zip(order, heights, strict=True):
        moment, best = curve.best
        last = f"{curve.name} {number(curve.points[-1, 1])}"
        lowest = f"best {number(best)}, {unit} {f'{moment:,.1f}'.removesuffix('.0')}"
        _write(figure, (x, height + 2), last, TEXT_SIZE, curve.colour)
        _write(figure, (x, height - 15), lowest, SMALL_SIZE, MUTED)


def _write_title(figure: Figure, title: str, remark: str) -> None:
    line = fit_text(title, TITLE_SIZE, WIDTH - 2 * MARGIN - text_width(remark, TEXT_SIZE) - 12)
    y = HEIGHT - MARGIN - TITLE_SIZE
    _write(figure, (MARGIN, y), line, TITLE_SIZE, INK)
    _write(figure, (MARGIN + text_width(line, TITLE_SIZE) + 12, y), remark, TEXT_SIZE, MUTED)


def _write(figure: Figure, place: tuple[float, float], text: str, size: int, colour: str) -> None:
    """Write a line of text that starts at a place in pixels from the lower left corner."""
    x, y = place[0] / WIDTH, place[1] / HEIGHT
    figure.text(x, y, text, fontsize=size * POINTS, color=colour, family=FONT_FAMILY, parse_math=False)


def _to_image(figure: Figure) -> Image.Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
