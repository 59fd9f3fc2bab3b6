"""Connections drawn as curves: coloured by sign, wider and denser the stronger they are."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from nn.render.colours import NEGATIVE, POSITIVE

DOTS_PER_INCH = 100
POINTS = 72 / DOTS_PER_INCH
PIECES = 32
THINNEST, THICKEST = 0.8, 2.6
FAINTEST, DENSEST = 0.3, 0.85


def across(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Curves between neighbouring layers, level at both ends; pixels (n, 2) each to (n, points, 2)."""
    half = (ends - starts) * (0.5, 0)
    return _bezier(starts, starts + half, ends - half, ends)


def around(starts: np.ndarray, ends: np.ndarray, inner: float, outer: float) -> np.ndarray:
    """Curves that turn back at a side of the picture, the longest ones outside, between two places across."""
    apex = inner + (outer - inner) * rescale(np.abs(ends[:, 1] - starts[:, 1]))
    # A cubic curve is halfway at (start + 3 first + 3 second + end) / 8.
    x = (8 * apex - starts[:, 0] - ends[:, 0]) / 6
    return _bezier(starts, np.stack([x, starts[:, 1]], 1), np.stack([x, ends[:, 1]], 1), ends)


def over(starts: np.ndarray, ends: np.ndarray, inner: float, outer: float) -> np.ndarray:
    """Curves that pass above the layers between, the longest ones highest, between two heights."""
    apex = inner + (outer - inner) * rescale(np.abs(ends[:, 0] - starts[:, 0]))
    y = (8 * apex - starts[:, 1] - ends[:, 1]) / 6
    lean = (ends[:, 0] - starts[:, 0]) * 0.15
    first = np.stack([starts[:, 0] + lean, y], 1)
    return _bezier(starts, first, np.stack([ends[:, 0] - lean, y], 1), ends)


def within(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Curves inside one layer: bowed to the left of their way; a loop where a neuron feeds itself."""
    way = ends - starts
    bow = np.stack([way[:, 1], -way[:, 0]], axis=1) * 0.12
    loop = (~way.any(axis=1))[:, None] * np.array([14.0, 18.0])
    first, second = starts + way * 0.3 + bow - loop, ends - way * 0.3 + bow + loop * (1, -1)
    return _bezier(starts, first, second, ends)


def rescale(values: np.ndarray) -> np.ndarray:
    """Stretch numbers (n,), n at least 1, to [0, 1]; all become 1 where they are equal."""
    least, extent = values.min(), np.ptp(values)
    return (values - least) / extent if extent else np.ones_like(values, np.float64)


def _bezier(*points: np.ndarray) -> np.ndarray:
    """Cubic Bezier curves in Bernstein form: four points (n, 2) each to (n, PIECES + 1, 2)."""
    t = np.linspace(0, 1, PIECES + 1)
    factors = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.einsum("pt,pnx->ntx", factors, np.stack(points))


def draw_curves(
    size: tuple[int, int], curves: np.ndarray, strengths: np.ndarray, positive: np.ndarray
) -> Image.Image:
    """Draw antialiased curves on a transparent picture.

    Parameters
    ----------
    size
        Width and height in pixels.
    curves
        (n, points, 2) in pixels, across and down.
    strengths
        (n,) in [0, 1]: width and density.
    positive
        bool (n,): colour.

    Returns
    -------
    PIL.Image.Image
        RGBA.
    """
    figure = Figure((size[0] / DOTS_PER_INCH, size[1] / DOTS_PER_INCH), DOTS_PER_INCH)
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
    axes.set_axis_off()
    colours = np.where(positive[:, None], to_rgb(POSITIVE), to_rgb(NEGATIVE))
    densities = FAINTEST + (DENSEST - FAINTEST) * strengths
    widths = (THINNEST + (THICKEST - THINNEST) * strengths) * POINTS
    lines = LineCollection(list(curves), colors=np.column_stack([colours, densities]), linewidths=widths)
    lines.set(antialiased=True, capstyle="round", joinstyle="round")
    axes.add_collection(lines, autolim=False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba()).copy())
