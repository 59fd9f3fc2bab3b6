"""Curves of runs as a page draws them: grouped over seeds, with bands, and no finer than a screen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.records.groups import MOST_GROUPS, TOO_MANY, Band, curves, grouped
from workbench.records import Query, Store

POINTS = 400
"""Points of a line, about."""

MINUTE = 60.0

FAVOURITES = ("held_out_loss", "validation_loss", "loss", "training_loss", "mmd", "generator_loss")
"""Statistics that are drawn where none was picked: the first that there is."""

AXES = ("step", "epoch", "seconds")
"""Statistics along which others are drawn."""


class Drawing(NamedTuple):
    """What to draw: statistics, along what, the kind of bands, and settings that make lines of their own."""

    statistics: tuple[str, ...]
    over: str
    band: str
    by: tuple[str, ...]


class Drawn(NamedTuple):
    """What is drawn.

    Attributes
    ----------
    names
        Statistics that the runs have.
    charts
        Lines by statistic; each a dictionary with a name and bands, which have x, mean, low and high.
    problem
        What keeps it from being drawn; empty where nothing does.
    """

    names: list[str]
    charts: dict[str, list[dict[str, Any]]]
    problem: str = ""


def draw_curves(store: Store, numbers: tuple[int, ...], drawing: Drawing) -> Drawn:
    """Return the curves of runs; of statistics that are not asked for, a favourite."""
    runs = sorted(store.runs(Query(numbers=numbers)), key=lambda run: run.number)
    names = sorted({name for run in runs for name in store.statistic_names(run.number)})
    wanted = drawing.statistics or tuple(name for name in FAVOURITES if name in names)[:1] or tuple(names[:1])
    groups = grouped(store, runs, drawing.by) if runs else []
    if len(groups) > MOST_GROUPS:
        problem = f"{TOO_MANY.format(len(groups))}: choose fewer runs, or say which settings count"
        return Drawn(names, {name: [] for name in wanted}, problem)
    over, scale = ("seconds", MINUTE) if drawing.over == "minutes" else (drawing.over, 1.0)
    charts = {
        name: [
            {"name": found.label, "bands": [_as_lists(thinned(each), scale) for each in found.bands]}
            for found in curves(store, groups, name, over, drawing.band)
        ]
        for name in wanted
    }
    return Drawn(names, charts)


def thinned(band: Band, points: int = POINTS) -> Band:
    """Return a band with about so many points, of each stretch those where the mean is lowest and highest."""
    count = len(band.places)
    if count <= points:
        return band
    kept = {0, count - 1}
    for stretch in np.array_split(np.arange(count), points // 2):
        kept |= {int(stretch[band.mean[stretch].argmin()]), int(stretch[band.mean[stretch].argmax()])}
    return Band(*(values[sorted(kept)] for values in band))


def _as_lists(band: Band, scale: float) -> dict[str, list[float]]:
    """Return a band in JSON's terms: five digits are more than a screen shows."""
    heights = {"mean": band.mean, "low": band.low, "high": band.high}
    rounded = {name: [float(f"{value:.5g}") for value in values] for name, values in heights.items()}
    return {"x": (band.places / scale).tolist(), **rounded}
