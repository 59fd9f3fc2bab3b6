"""Errors over time, and over the steps of a clip, beside what is reached without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from PIL import Image

from experiments.charts import POINTS, Panels, make_logarithmic, panels
from experiments.video.reports import Row
from experiments.video.scores import FLOOR, NETWORK, Means, PerStep, Scores
from nn.render.canvas import WIDTH
from nn.render.colours import HELD_OUT, MUTED, TRAIN

PANEL, GAP, TOP = 170, 64, 110
LEFT, RIGHT = 70, 190
MARKED = 40
"""Measurements up to which every one is a dot."""

LOGARITHMIC_FROM = 3.0
"""How many times the smallest number of a panel the largest is where its scale is logarithmic."""

UNITS = {"mse": "squared error per frame", "nats": "cross-entropy per frame, nats"}
DASHES = (0, (4, 3))

Curve = tuple[str, str, np.ndarray, np.ndarray]
"""Name, colour, places and values."""


def draw_losses(rows: Sequence[Row], references: Means, by: str, title: str) -> Image.Image:
    """Draw both errors of every head as they fell.

    Parameters
    ----------
    rows
        Of the reports; at least one.
    references
        What is reached without a network, by head, row and error.
    by
        "minutes" or "steps": what they are drawn over.
    title
        Written above.
    """
    places = _numbers(rows, "seconds") / 60 if by == "minutes" else _numbers(rows, "step")
    shown = [(head, error) for head in references for error in UNITS]
    with panels(TOP + len(shown) * (PANEL + GAP)) as picture:
        picture.title(title, "whole clips, without true frames to lean on; dashed: reached without a network")
        for number, (head, error) in enumerate(shown):
            axes = _panel(picture, number, f"{head}: {UNITS[error]}")
            curves = [
                _curve(rows, places, f"{part}_{head}_{error}_per_frame", part, colour)
                for part, colour in (("validation", HELD_OUT), ("training", TRAIN))
            ]
            lines = {name: errors[error] for name, errors in references[head].items()}
            _draw(picture, axes, curves, lines)
            axes.set_xlabel(by, color=MUTED)
        return picture.image()


def draw_steps_ahead(scores: Scores, title: str) -> Image.Image:
    """Draw both errors at every step, frames that are read before 1 and frames that follow from 1 on.

    Parameters
    ----------
    scores
        By head and row, the network's among them.
    title
        Written above.
    """
    with panels(TOP + len(UNITS) * (PANEL + GAP)) as picture:
        picture.title(title, "frames read come before 0, predicted ones after it; dashed: without a network")
        for number, (error, name) in enumerate(UNITS.items()):
            axes = _panel(picture, number, name)
            curves, lines = [], []
            for head, rows in scores.items():
                colour = TRAIN if head == "reconstruction" else HELD_OUT
                steps = len(rows[NETWORK][error])
                places = np.arange(1, steps + 1) if head == "prediction" else np.arange(1 - steps, 1)
                curves.append((head, colour, places, rows[NETWORK][error]))
                lines += [
                    (row, places, errors[error])
                    for row, errors in rows.items()
                    if _is_drawn(row, errors, error)
                ]
            _draw_steps(picture, axes, curves, lines)
            axes.set_xlabel("frame after the last one that is read", color=MUTED)
        return picture.image()


def _is_drawn(row: str, errors: PerStep, error: str) -> bool:
    return row != NETWORK and (row != FLOOR or bool(errors[error].any()))


def _panel(picture: Panels, number: int, title: str) -> Axes:
    top = TOP + number * (PANEL + GAP)
    return picture.panel((LEFT, top, WIDTH - RIGHT, top + PANEL), title)


def _curve(rows: Sequence[Row], places: np.ndarray, field: str, name: str, colour: str) -> Curve:
    return name, colour, places, _numbers(rows, field)


def _numbers(rows: Sequence[Row], field: str) -> np.ndarray:
    """Return a column, float64 (rows,); what is not known is NaN."""
    return np.array([np.nan if row[field] is None else row[field] for row in rows], np.float64)


def _draw(picture: Panels, axes: Axes, curves: Sequence[Curve], lines: Mapping[str, float]) -> None:
    drawn = {name: value for name, value in lines.items() if value > 0}
    for name, colour, places, values in curves:
        weak = 0.45 if name == "training" else 1.0
        axes.plot(places, values, color=colour, alpha=weak, marker="o" if len(values) <= MARKED else "")
    for value in drawn.values():
        axes.axhline(value, color=MUTED, linewidth=POINTS, linestyle=DASHES)
    _set_scale(axes, np.array([*drawn.values(), *np.concatenate([values for *_, values in curves])]))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    ends = [(f"{name} {_last(values):.4g}", colour, _last(values)) for name, colour, _, values in curves]
    ends += [(f"{name} {value:.4g}", MUTED, value) for name, value in drawn.items()]
    picture.label_ends(axes, [each for each in ends if np.isfinite(each[2])])


def _draw_steps(
    picture: Panels,
    axes: Axes,
    curves: Sequence[Curve],
    lines: Sequence[tuple[str, np.ndarray, np.ndarray]],
) -> None:
    for _, colour, places, values in curves:
        axes.plot(places, values, color=colour, marker="o" if len(values) <= MARKED else "")
    for _, places, values in lines:
        axes.plot(places, values, color=MUTED, linewidth=POINTS, linestyle=DASHES)
    everything = [values for *_, values in curves] + [values for *_, values in lines]
    _set_scale(axes, np.concatenate(everything))
    axes.xaxis.set_major_locator(MaxNLocator(20, integer=True))
    last = max(places[-1] for *_, places, _ in lines) if lines else 0
    ends = [(name, colour, float(values[-1])) for name, colour, _, values in curves]
    ends += [(name, MUTED, float(values[-1])) for name, places, values in lines if places[-1] == last]
    picture.label_ends(axes, ends)


def _last(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else np.nan


def _set_scale(axes: Axes, values: np.ndarray) -> None:
    known = values[np.isfinite(values)]
    if len(known) and known.min() > 0 and known.max() / known.min() >= LOGARITHMIC_FROM:
        make_logarithmic(axes)
