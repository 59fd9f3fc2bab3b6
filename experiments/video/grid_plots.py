"""The figures of a grid: five losses in six ways, all of each head, and what a sigmoid is trained with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.ticker import MaxNLocator
from PIL import Image

from experiments.charts import make_logarithmic, panels
from experiments.video.grid import GridOutcome
from experiments.video.plots import GAP, LEFT, LOGARITHMIC_FROM, PANEL, TOP, UNITS
from networks.video.blueprint import COMBINATIONS, TASKS
from nn.render.canvas import WIDTH
from nn.render.colours import MUTED

RIGHT = 230
PALE = 0.45
COLOURS = {" ".join(each): to_hex(colormaps["tab10"](place)) for place, each in enumerate(COMBINATIONS)}
STYLES: Mapping[str, Style] = {"zeros": (0, (4, 2)), "own": "solid"}
SIGMOIDS = ("0-1 sigmoid bce", "0-1 sigmoid mse")

Style = str | tuple[int, tuple[int, int]]


class Curve(NamedTuple):
    """A curve: what it is called, its look, minutes and values."""

    name: str
    colour: str
    minutes: np.ndarray
    values: np.ndarray
    style: Style = "solid"
    alpha: float = 1.0


def figures(outcomes: Sequence[GridOutcome]) -> dict[str, Image.Image]:
    """Return the figures by the names of their files, without a suffix."""
    drawn = {f"five-losses-{error}": draw_six_ways(outcomes, error) for error in UNITS}
    drawn["all-runs"] = draw_heads(outcomes, "All runs, by what they are trained with")
    sigmoids = [each for each in outcomes if each.plan.combination in SIGMOIDS]
    drawn["sigmoid"] = draw_heads(sigmoids, "A sigmoid trained with cross-entropy and with squared error")
    return drawn


def draw_six_ways(outcomes: Sequence[GridOutcome], error: str) -> Image.Image:
    """Draw an error in a panel for every task and what its heads read; of both heads the mean."""
    ways = dict.fromkeys((each.plan.task, each.plan.decoder_input) for each in outcomes)
    shown = {
        f"{task}, heads read {'zeros' if read == 'zeros' else 'their own output'}": [
            Curve(each.plan.combination, COLOURS[each.plan.combination], *_mean(each, error))
            for each in outcomes
            if (each.plan.task, each.plan.decoder_input) == (task, read)
        ]
        for task, read in ways
    }
    return _draw(shown, "Five losses in six ways", f"validation clips, {UNITS[error]}")


def draw_heads(outcomes: Sequence[GridOutcome], title: str) -> Image.Image:
    """Draw all runs with a head, under both errors."""
    shown = {}
    for head in TASKS["both"]:
        for error, unit in UNITS.items():
            shown[f"{head}: {unit}"] = [
                Curve(
                    f"{each.plan.combination} ({'both' if each.plan.task == 'both' else 'alone'})",
                    COLOURS[each.plan.combination],
                    *_values(each, f"validation_{head}_{error}_per_frame"),
                    STYLES[each.plan.decoder_input],
                    1.0 if each.plan.task == "both" else PALE,
                )
                for each in outcomes
                if head in TASKS[each.plan.task]
            ]
    remark = "validation clips; dashed: heads read zeros; pale: that head alone; numbers: the better input"
    return _draw(shown, title, remark)


def _mean(outcome: GridOutcome, error: str) -> tuple[np.ndarray, np.ndarray]:
    heads = TASKS[outcome.plan.task]
    curves = [_values(outcome, f"validation_{head}_{error}_per_frame") for head in heads]
    return curves[0][0], np.mean([values for _, values in curves], axis=0)


def _values(outcome: GridOutcome, column: str) -> tuple[np.ndarray, np.ndarray]:
    return outcome.column("seconds") / 60, outcome.column(column)


def _draw(shown: Mapping[str, Sequence[Curve]], title: str, remark: str) -> Image.Image:
    with panels(TOP + len(shown) * (PANEL + GAP)) as picture:
        picture.title(title, remark)
        for number, (name, curves) in enumerate(shown.items()):
            top = TOP + number * (PANEL + GAP)
            axes = picture.panel((LEFT, top, WIDTH - RIGHT, top + PANEL), name)
            axes.set_xlabel("minutes", color=MUTED)
            for curve in curves:
                look: dict[str, Any] = {"color": curve.colour, "linestyle": curve.style, "alpha": curve.alpha}
                axes.plot(curve.minutes, curve.values, **look)
            _set_limits(axes, curves)
            axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
            picture.label_ends(axes, _ends(curves))
        return picture.image()


def _set_limits(axes: Axes, curves: Sequence[Curve]) -> None:
    """Leave out the beginning of curves that fall from very high."""
    known = [curve.values[np.isfinite(curve.values)] for curve in curves]
    known = [values for values in known if len(values)]
    if not known:
        return
    lowest = min(float(values.min()) for values in known)
    highest = max(float(values[len(values) // 4 :].max()) for values in known)
    if lowest > 0 and highest / lowest >= LOGARITHMIC_FROM:
        make_logarithmic(axes)
        axes.set_ylim(lowest / 1.05, highest * 1.05)
    else:
        room = 0.05 * (highest - lowest) or 1.0
        axes.set_ylim(lowest - room, highest + room)


def _ends(curves: Sequence[Curve]) -> list[tuple[str, str, float]]:
    """Return the labels of curves: the best of each name alone, with its last value."""
    best: dict[str, tuple[str, float]] = {}
    for curve in curves:
        known = curve.values[np.isfinite(curve.values)]
        if len(known) and (curve.name not in best or known[-1] < best[curve.name][1]):
            best[curve.name] = curve.colour, float(known[-1])
    return [(f"{name} {value:.4g}", colour, value) for name, (colour, value) in best.items()]
