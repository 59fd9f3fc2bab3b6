"""Which searched settings the objective depends on: the permutation importance of a random forest.

Breiman 2001, "Random forests", section 10, as scikit-learn computes it: a forest learns the rank of
candidates in the report from their settings. A setting is the more important the less of that the forest
still explains when its values are shuffled among the candidates.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.sweep.space import Parameter
from experiments.sweep.standings import Standing
from experiments.sweep.sweep import Sweep

logger = logging.getLogger(__name__)

FEWEST = 8
"""Candidates with a score of which importance can be said."""

TREES, SHUFFLES = 200, 30

ABSENT = -1e6
"""Stands for the value of a setting that does not exist."""


class Importance(NamedTuple):
    """By how much the explained variance of the rank falls when a setting is shuffled: mean and deviation."""

    name: str
    mean: float
    deviation: float


def importances(sweep: Sweep, found: Sequence[Standing]) -> list[Importance]:
    """Return the importance of every searched setting, the largest first.

    None of too few candidates, and none without scikit-learn, which a warning says.
    """
    scored = [each for each in found if each.score is not None]
    if len(scored) < FEWEST:
        return []
    try:
        from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - an extra
        from sklearn.inspection import permutation_importance  # noqa: PLC0415 - an extra
    except ImportError:
        logger.warning(
            "the report is without importance: it needs scikit-learn, pip install 'ganglion[search]'"
        )
        return []
    rows = [[_number(parameter, each, name) for name, parameter in sweep.space.items()] for each in scored]
    values, ranks = np.array(rows), np.arange(len(rows))
    forest = RandomForestRegressor(TREES, random_state=0).fit(values, ranks)
    measured = permutation_importance(forest, values, ranks, n_repeats=SHUFFLES, random_state=0)
    named = zip(sweep.space, measured.importances_mean, measured.importances_std, strict=True)
    return sorted(
        (Importance(name, float(mean), float(std)) for name, mean, std in named), key=lambda each: -each.mean
    )


def _number(parameter: Parameter, standing: Standing, name: str) -> float:
    """Return a value as a forest takes it; a setting that does not exist lies below all others."""
    if name not in standing.candidate:
        return ABSENT
    value = standing.candidate[name]
    if parameter.choice is not None:
        return float(parameter.choice.index(value))
    return math.log(float(value)) if parameter.log else float(value)  # type: ignore[arg-type]
