"""Parallel coordinates: where candidates lie on the axes of their settings, and of what they reached."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from experiments.sweep.space import Parameter, Scalar
from experiments.sweep.standings import Standing
from experiments.sweep.sweep import Sweep
from workbench.settings.table import to_text

LOGARITHMIC_FROM = 20
"""Ratio of the highest to the lowest objective from which a scale is logarithmic."""

ABSENT = -0.08
"""Where a line passes a setting that its candidate does not have."""

APART = 0.12
"""Of the room between two choices of an axis, over how much lines that pass one of them are spread."""

LONGEST = 16
"""Characters of a value beside an axis."""


def heights_of(sweep: Sweep, found: Sequence[Standing]) -> list[list[float]]:
    """Return where the settings of candidates lie on their axes; `ABSENT` of one that a candidate has not.

    Heights are from 0 to 1, but for candidates with one choice, which lie beside each other around it, in
    their order from above: lines that coincide could not be followed.
    """
    columns = [_column(name, parameter, found) for name, parameter in sweep.space.items()]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(name: str, parameter: Parameter, found: Sequence[Standing]) -> list[float]:
    heights = [_height(parameter, each, name) for each in found]
    if parameter.choice is None:
        return heights
    alike = Counter(heights)
    room = APART / max(1, len(parameter.choice) - 1)
    passed: Counter[float] = Counter()
    for place, height in enumerate(heights):
        count = alike[height]
        heights[place] += room * (0.5 - passed[height] / (count - 1)) if count > 1 else 0
        passed[height] += 1
    return heights


def score_heights(scored: Sequence[Standing]) -> list[float]:
    """Return where the scores of candidates lie on theirs, from the lowest to the highest."""
    values = [each.score for each in scored if each.score is not None]
    if not values or min(values) == max(values):
        return [0.5] * len(values)
    place = math.log if is_logarithmic(values) else float
    low, high = place(min(values)), place(max(values))
    return [(place(value) - low) / (high - low) for value in values]


def is_logarithmic(values: Sequence[float]) -> bool:
    """Return whether numbers are so far apart that a scale of them is logarithmic."""
    return bool(values) and min(values) > 0 and max(values) / min(values) >= LOGARITHMIC_FROM


def _height(parameter: Parameter, standing: Standing, name: str) -> float:
    return _share(parameter, standing.candidate[name]) if name in standing.candidate else ABSENT


def _share(parameter: Parameter, value: Scalar) -> float:
    """Return where a value lies on its axis, from 0 to 1."""
    if parameter.choice is not None:
        return parameter.choice.index(value) / max(1, len(parameter.choice) - 1)
    low, high = parameter.limits
    number = float(value)  # type: ignore[arg-type]
    if parameter.log:
        return math.log(number / low) / math.log(high / low)
    return (number - low) / (high - low)


def labels_of(parameter: Parameter) -> Mapping[float, str]:
    """Return what stands beside the axis of a parameter, by height."""
    values = parameter.choice if parameter.choice is not None else parameter.limits
    return {_share(parameter, value): _short(to_text(value)) for value in values}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
