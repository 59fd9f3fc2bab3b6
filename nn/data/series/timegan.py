"""What TimeGAN was measured on: sines by both of their definitions, and its order of steps.

Yoon, Jarrett and van der Schaar (2019), "Time-series generative adversarial networks", and the code they
published, github.com/jsyoon0823/TimeGAN, `data_loading.py`. Both differ: the authors say in issue 40 there
that all figures in the paper are for the code's sines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nn.argument_checks import check_count, check_generator
from nn.data.memory import require_memory
from nn.data.series.series_set import FEWER, SeriesSet
from nn.lookup import look_up


class Sine(NamedTuple):
    """From what range frequencies, in radians a step, and phases are drawn, evenly."""

    frequencies: tuple[float, float]
    phases: tuple[float, float]


DEFINITIONS: Mapping[str, Sine] = {
    "paper": Sine((0.0, 2 * math.pi), (-math.pi, math.pi)),
    "code": Sine((0.0, 0.1), (0.0, 0.1)),
}
"""The paper has sin(2 pi f t + phase), f from [0, 1]; the code sin(f t + phase)."""


def sines(
    count: int,
    steps: int = 24,
    variables: int = 5,
    *,
    definition: str,
    generator: np.random.Generator,
) -> SeriesSet:
    """Return series of sines, (sin(frequency * step + phase) + 1) / 2, all drawn by themselves.

    Parameters
    ----------
    count, steps, variables
        How many series there are, and their shape.
    definition
        "paper" or "code", see `DEFINITIONS`. The first is much harder: up to a full turn a step.
    generator
        Draws frequencies and phases.

    Returns
    -------
    series
        float32, in [0, 1].

    Raises
    ------
    ValueError
        When the definition is unknown.
    DataError
        When memory does not suffice.
    """
    for what, number in (("count", count), ("steps", steps), ("variables", variables)):
        check_count(f"sines: {what}", number)
    drawn_from = look_up(DEFINITIONS, definition, "definition of sines")
    check_generator(generator)
    require_memory(24 * count * steps * variables, f"{count} sines of {steps} steps", FEWER)
    shape = count, 1, variables
    frequencies = generator.uniform(*drawn_from.frequencies, shape)
    phases = generator.uniform(*drawn_from.phases, shape)
    angles = frequencies * np.arange(steps)[:, None] + phases
    values = ((np.sin(angles) + 1) / 2).astype(np.float32)
    return SeriesSet.of(values, source=f"sines ({definition})")


def timegan_order(series: SeriesSet) -> SeriesSet:
    """Return series with their steps the other way round, only to repeat what TimeGAN was measured on.

    Its published loading reverses the stock file "to make chronological data", but that file has the
    oldest day first already: TimeGAN learned from time that runs backwards. Reverse before the split by
    time, as it did; `starts` count from the last step then, and there are no times.
    """
    steps = np.arange(series.values.shape[1])
    backwards = np.where(steps < series.lengths[:, None], series.lengths[:, None] - 1 - steps, steps)
    values = np.take_along_axis(series.values, backwards[..., None], axis=1)
    return replace(
        series,
        values=values,
        times=None,
        source=f"{series.source} (TimeGAN's order)",
        origin=(series.origin, "reversed"),
    )
