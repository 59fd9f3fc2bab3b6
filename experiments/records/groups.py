"""Runs that differ in nothing but the seed: their curves on a common axis, means, and bands around them.

A band is a 95 % confidence interval of the mean, by Student's t with one degree of freedom fewer than there
are runs (Student, "The probable error of a mean", Biometrika 1908), or the range of the runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from experiments.records.compare_command import differing
from workbench.records import Curve, Run, Store
from workbench.records.values import Plain, written

CONFIDENCE, RANGE = "confidence", "range"
BANDS = {
    CONFIDENCE: "bands are 95 % confidence intervals of the mean (Student's t)",
    RANGE: "bands reach from the lowest run to the highest",
}

NO_VARIANTS = frozenset(
    (
        *("seed", "folder", "model_directory", "output_directory", "output"),
        *("threads", "snapshot_interval", "records"),
    )
)
"""Settings that make no other variant of a run."""

MOST_GROUPS = 12
"""Lines that can be told apart."""

TOO_MANY = f"{{}} variants are too many lines ({MOST_GROUPS} at most)"

LONGEST_NAME = 46
"""Characters of a line's name."""

T_95 = (
    *(12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281),
    *(2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860),
    *(2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423),
)
"""The 97.5 % quantiles of Student's t for 1, 2, ... degrees of freedom."""

NORMAL_95 = 1.959964
"""The same of the normal distribution."""


class Group(NamedTuple):
    """Runs of one variant: what it is called, and the numbers of the runs."""

    name: str
    runs: Sequence[Run]


class Band(NamedTuple):
    """Curves of several runs on one axis, each float64 (K,); low and high are the mean of a single run."""

    places: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Curves(NamedTuple):
    """A statistic of a group: name, how many runs have it, and bands, several where no place is shared."""

    name: str
    runs: int
    bands: Sequence[Band]

    @property
    def label(self) -> str:
        """The name, shortened, and how many runs there are."""
        name = self.name if len(self.name) <= LONGEST_NAME else f"{self.name[: LONGEST_NAME - 1]}…"
        return f"{name} ({self.runs} runs)" if self.runs > 1 else name


def grouped(store: Store, runs: Sequence[Run], names: Sequence[str] = ()) -> list[Group]:
    """Return runs by the settings in which they differ.

    Parameters
    ----------
    store
        Where they are.
    runs
        All of them.
    names
        The settings that count; by default those that differ, the seed and places left out.
    """
    settings = store.settings([run.number for run in runs])
    values: dict[int, dict[str, Plain]] = {
        run.number: {"program": run.program, **settings[run.number]} for run in runs
    }
    chosen = list(names) or [name for name in differing(values) if name not in NO_VARIANTS]
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(_name(values[run.number], chosen) or run.program, []).append(run)
    return [Group(name, members) for name, members in groups.items()]


def _name(values: Mapping[str, Plain], names: Sequence[str]) -> str:
    parts = [f"{name} {written(values[name])}" for name in names if name in values]
    return ", ".join(part.removeprefix("program ") for part in parts)


def on_axis(curve: Curve, axis: Curve | None) -> tuple[np.ndarray, np.ndarray]:
    """Return a curve's places and values, float64 (K,), where both are finite and the places grow.

    Parameters
    ----------
    curve
        Of a statistic.
    axis
        The statistic along which it is drawn, such as seconds; None for the steps.
    """
    along = None if axis is None else dict(zip(*axis, strict=True))
    pairs = [
        (float(step) if along is None else along.get(step, np.nan), value)
        for step, value in zip(*curve, strict=True)
    ]
    found = np.array(pairs, np.float64).reshape(-1, 2)
    places, values = found[np.isfinite(found).all(axis=1)].T
    reached = np.maximum.accumulate(places)
    rising = np.diff(reached, prepend=-np.inf) > 0
    return places[rising], values[rising]


def band(curves: Sequence[tuple[np.ndarray, np.ndarray]], kind: str = CONFIDENCE) -> Band | None:
    """Return the mean of curves and a band around it, where all of them have values.

    Between two of its points a curve is taken as a straight line.

    Parameters
    ----------
    curves
        Places and values of each, as `on_axis` returns them; at least one.
    kind
        One of `BANDS`.

    Returns
    -------
    Band or None
        None where there is no place that all curves reach.
    """
    first, last = max(places[0] for places, _ in curves), min(places[-1] for places, _ in curves)
    places = np.unique(np.concatenate([places for places, _ in curves]))
    places = places[(places >= first) & (places <= last)]
    if not len(places):
        return None
    values = np.array([np.interp(places, *curve) for curve in curves])
    mean = values.mean(axis=0)
    if kind == RANGE or len(values) == 1:
        return Band(places, mean, values.min(axis=0), values.max(axis=0))
    half = t_95(len(values) - 1) * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return Band(places, mean, mean - half, mean + half)


def curves(
    store: Store, groups: Sequence[Group], name: str, over: str, kind: str = CONFIDENCE
) -> Iterator[Curves]:
    """Yield the curves of every group that has a statistic.

    Parameters
    ----------
    store
        Where the runs are.
    groups
        As `grouped` returns them.
    name
        Of the statistic.
    over
        The statistic along which it is drawn, or "step".
    kind
        Of the bands; one of `BANDS`.
    """
    for group in groups:
        found = [each for run in group.runs if len((each := _curve(store, run.number, name, over))[0])]
        if found:
            whole = band(found, kind)
            bands = [whole] if whole else [alone for one in found if (alone := band([one]))]
            yield Curves(group.name, len(found), bands)


def _curve(store: Store, number: int, name: str, over: str) -> tuple[np.ndarray, np.ndarray]:
    found = store.statistics(number, [name, over])
    if name not in found or (over != "step" and over not in found):
        return np.empty(0), np.empty(0)
    return on_axis(found[name], None if over == "step" else found[over])


def t_95(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t; beyond the table by its expansion around the normal one.

    That is Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5, to the second term.
    """
    if degrees <= len(T_95):
        return T_95[degrees - 1]
    z = NORMAL_95
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
