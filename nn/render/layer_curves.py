"""How numbers of every layer went over time: one panel for each kind of number, one curve for each layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from PIL import Image

from nn.render.canvas import FONT_FAMILY, MARGIN, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, WIDTH, fit_text
from nn.render.colours import BACKGROUND, BORDER, GRID, INK, MUTED

DOTS_PER_INCH = 100
POINTS = 72 / DOTS_PER_INCH
LEFT, RIGHT, TOP, BOTTOM = 76, 190, 78, 44
PANEL, BETWEEN = 150, 58
LOGARITHMIC_FROM = 8.0
MARKERS_UP_TO = 20
NAME_STEP = 20
_DEPTH = matplotlib.colormaps["viridis"]

Points = Sequence[tuple[float, float]]


def layer_curves(
    panels: Mapping[str, Mapping[str, Points]], *, title: str = "Layers", unit: str = "step"
) -> Image.Image:
    """Draw numbers of layers over time, such as those of `nn.training.statistics.Statistics.curves`.

    Layers are coloured by their depth, the first dark and the last light. The scale of a panel is
    logarithmic when all its numbers are positive and the largest is at least 8 times the smallest.

    Parameters
    ----------
    panels
        Title of the panel to layer to pairs (time, number), times increasing. Panels and layers
        without points are left out.
    title
        Written above.
    unit
        Of the time.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide.

    Raises
    ------
    ValueError
        When there is nothing to draw, or a number is NaN or infinite; naming panel and layer.
    """
    arrays = {
        panel: {
            layer: _points(f"{panel}, layer {layer}", points) for layer, points in curves.items() if points
        }
        for panel, curves in panels.items()
    }
    drawn = {panel: curves for panel, curves in arrays.items() if curves}
    if not drawn:
        raise ValueError("there are no layers to draw: all panels are empty")
    colours = _colours(list(dict.fromkeys(layer for curves in drawn.values() for layer in curves)))
    height = TOP + len(drawn) * PANEL + (len(drawn) - 1) * BETWEEN + BOTTOM
    figure = Figure((WIDTH / DOTS_PER_INCH, height / DOTS_PER_INCH), DOTS_PER_INCH, facecolor=BACKGROUND)
    for number, (panel, curves) in enumerate(drawn.items()):
        axes = _add_axes(figure, height - TOP - PANEL - number * (PANEL + BETWEEN), height)
        _draw(axes, curves, colours)
        scale = {"log": "logarithmic"}.get(axes.get_yscale(), "linear")
        axes.set_title(f"{panel}, {scale} scale", **_text(TEXT_SIZE, INK), loc="left", parse_math=False)
        if number == len(drawn) - 1:
            axes.set_xlabel(unit, **_text(TEXT_SIZE, MUTED))
    _write_title(figure, title, height)
    _write_names(figure, colours, height)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _points(what: str, points: Points) -> np.ndarray:
    array = np.asarray(points, np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise ValueError(f"{what}: only pairs of finite numbers (time, number) can be drawn")
    return array


def _colours(layers: Sequence[str]) -> dict[str, str]:
    """Give every layer a colour by its place; the lightest of the map cannot be seen on white."""
    shades = np.linspace(0.0, 0.85, len(layers))
    return {
        layer: matplotlib.colors.to_hex(_DEPTH(shade)) for layer, shade in zip(layers, shades, strict=True)
    }


def _add_axes(figure: Figure, bottom: float, height: float) -> Axes:
    box = (LEFT / WIDTH, bottom / height, (WIDTH - LEFT - RIGHT) / WIDTH, PANEL / height)
    axes = figure.add_axes(box, facecolor=BACKGROUND)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=BORDER, linewidth=POINTS)
    axes.grid(axis="y", color=GRID, linewidth=POINTS)
    axes.set_axisbelow(True)
    for which in ("major", "minor"):
        axes.tick_params(
            which=which, left=False, color=BORDER, labelcolor=MUTED, labelsize=SMALL_SIZE * POINTS
        )
        axes.tick_params(which=which, labelfontfamily=FONT_FAMILY)
    return axes


def _draw(axes: Axes, curves: Mapping[str, np.ndarray], colours: Mapping[str, str]) -> None:
    numbers = np.concatenate([points[:, 1] for points in curves.values()])
    if numbers.min() > 0 and numbers.max() / numbers.min() >= LOGARITHMIC_FROM:
        axes.set_yscale("log")
        multiples = (1, 3) if numbers.max() / numbers.min() < 300 else (1,)
        axes.yaxis.set_major_locator(LogLocator(subs=multiples, numticks=6))
        axes.yaxis.set_minor_locator(LogLocator(subs=()))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}".replace("-", "−")))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "−")))
    for layer, points in curves.items():
        marker = "o" if len(points) <= MARKERS_UP_TO else ""
        axes.plot(
            *points.T, color=colours[layer], linewidth=1.6 * POINTS, marker=marker, markersize=4 * POINTS
        )


def _write_title(figure: Figure, title: str, height: int) -> None:
    place = MARGIN / WIDTH, 1 - (MARGIN + TITLE_SIZE) / height
    figure.text(
        *place, fit_text(title, TITLE_SIZE, WIDTH - 2 * MARGIN), **_text(TITLE_SIZE, INK), parse_math=False
    )


def _write_names(figure: Figure, colours: Mapping[str, str], height: int) -> None:
    """List the layers at the right, or some of them where there are many."""
    step = math.ceil(len(colours) / ((height - TOP) // NAME_STEP))
    width = RIGHT - 2 * MARGIN - 26
    shown = [
        (fit_text(layer or "network", SMALL_SIZE, width), colours[layer]) for layer in [*colours][::step]
    ]
    lines = [Line2D([], [], color=colour, linewidth=3 * POINTS) for _, colour in shown]
    figure.legend(
        lines,
        [name.replace("$", r"\$") for name, _ in shown],
        loc="upper left",
        bbox_to_anchor=((WIDTH - RIGHT + 12) / WIDTH, 1 - TOP / height),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.6,
        labelcolor=MUTED,
        prop={"family": FONT_FAMILY, "size": SMALL_SIZE * POINTS},
    )


def _text(size: int, colour: str) -> dict[str, Any]:
    return {"fontsize": size * POINTS, "color": colour, "family": FONT_FAMILY}
