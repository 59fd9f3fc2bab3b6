"""What was measured in a sweep, against the budget that its trials had used together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from experiments.sweep.advance import scores
from experiments.sweep.halving import rungs
from experiments.sweep.standings import used_by
from experiments.sweep.sweep import Sweep
from experiments.sweep.trials import TrialRow


class Measured(NamedTuple):
    """A candidate that was measured, when so much of the budget had been used, and its score."""

    used: float
    score: float | None


def measured(sweep: Sweep, rows: Sequence[TrialRow]) -> list[Measured]:
    """Return what was measured in the order of the trials' numbers, rung by rung."""
    used, found = 0.0, []
    for rung in range(len(rungs(sweep))):
        at_rung = [row for row in rows if rung in row.statistics or row.rung == rung]
        for place, score in scores(sweep, at_rung, rung).items():
            trials = [row for row in at_rung if row.number // sweep.file.seeds == place]
            used += sum(used_by(row, rung) - used_by(row, rung - 1) for row in trials)
            found.append(Measured(used, score))
    return found


def best_so_far(sweep: Sweep, found: Sequence[Measured]) -> Iterator[tuple[float, float]]:
    """Yield how much of the budget was used, and the best score until then."""
    better = max if sweep.file.objective.direction == "maximize" else min
    best = None
    for used, score in found:
        if score is not None:
            best = score if best is None else better(best, score)
        if best is not None:
            yield used, best
