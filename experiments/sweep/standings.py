"""Who stands where: the candidates of a sweep from the best to the worst, with the spread over seeds."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.sweep.advance import scores
from experiments.sweep.halving import rungs
from experiments.sweep.space import Candidate
from experiments.sweep.statistics import OBJECTIVE, USED
from experiments.sweep.sweep import Sweep, amount_text
from experiments.sweep.trials import DONE, PRUNED, RUNNING, WAITING, TrialRow
from workbench.settings.table import to_key, to_text

DIGITS = 5
"""Significant digits of a number in the report; the table of all trials has every bit."""


@dataclass(frozen=True)
class Standing:
    """What a candidate came to.

    Attributes
    ----------
    place
        Of the candidate among all, from 0.
    candidate
        What was searched.
    trials
        Of the candidate, by seed.
    rung
        The last that all its trials reached or were to reach.
    score
        Mean of the objective over the seeds there; None where a trial did not get there.
    remark
        What else is to be said.
    """

    place: int
    candidate: Candidate
    trials: Sequence[TrialRow]
    rung: int
    score: float | None
    remark: str

    def values(self, name: str) -> list[float]:
        """Return a statistic of those trials that have it."""
        found = [trial.statistics.get(self.rung, {}).get(name) for trial in self.trials]
        return [value for value in found if value is not None]

    @property
    def used(self) -> float:
        """The budget that all its trials used."""
        return sum(used_by(row) for row in self.trials)


def used_by(row: TrialRow, rung: int | None = None) -> float:
    """Return how much of the budget a trial used, in all or up to a rung."""
    reached = [each for at, each in row.statistics.items() if rung is None or at <= rung]
    return max((each.get(USED, 0.0) for each in reached), default=0.0)


def standings(sweep: Sweep, rows: Sequence[TrialRow]) -> list[Standing]:
    """Return all candidates, the best first.

    Those that got further in a halving come before others, and those without a score last.
    """
    seeds = sweep.file.seeds
    found = [_standing(sweep, rows[first : first + seeds]) for first in range(0, len(rows), seeds)]
    sign = -1.0 if sweep.file.objective.direction == "maximize" else 1.0

    def key(each: Standing) -> tuple[bool, int, float, int]:
        return each.score is None, -each.rung, sign * (each.score or 0.0), each.place

    return sorted(found, key=key)


def _standing(sweep: Sweep, trials: Sequence[TrialRow]) -> Standing:
    place, rung = trials[0].number // sweep.file.seeds, trials[0].rung
    score = scores(sweep, trials, rung)[place]
    return Standing(place, trials[0].candidate, trials, rung, score, _remark(sweep, trials, rung))


def _remark(sweep: Sweep, trials: Sequence[TrialRow], rung: int) -> str:
    if any(trial.state in (WAITING, RUNNING) for trial in trials):
        return "not done yet"
    ended: dict[str, list[int]] = {}
    for seed, trial in enumerate(trials):
        if trial.state not in (DONE, PRUNED):
            ended.setdefault(f"{trial.state}: {trial.reason}", []).append(seed)
    if ended:
        return "; ".join(what + _of_seeds(seeds, len(trials)) for what, seeds in ended.items())
    if trials[0].state == PRUNED:
        return f"pruned at {amount_text(rungs(sweep)[rung])} {sweep.file.budget.unit}"
    return ""


def _of_seeds(seeds: Sequence[int], count: int) -> str:
    """Say which seeds, where they are not all."""
    return "" if len(seeds) == count else f" (seed {', '.join(map(str, seeds))})"


def winner(found: Sequence[Standing]) -> Standing | None:
    """Return the best candidate; None where none has a score."""
    return found[0] if found and found[0].score is not None else None


def headings(sweep: Sweep) -> list[str]:
    """Return what stands above `cells`."""
    objective = sweep.file.objective
    of = f"{objective.statistic} ({objective.of})"
    return ["", *map(to_key, sweep.space), of, *objective.columns, f"{sweep.file.budget.unit} used", "remark"]


def cells(sweep: Sweep, rank: int, standing: Standing) -> list[str]:
    """Return a row of the report's table."""
    searched = _searched(sweep, standing.candidate)
    numbers = [spread(standing.values(name)) for name in (OBJECTIVE, *sweep.file.objective.columns)]
    place = str(rank) if standing.score is not None else ""
    return [place, *searched, *numbers, f"{standing.used:.{DIGITS}g}", standing.remark]


def _searched(sweep: Sweep, candidate: Candidate) -> list[str]:
    return [to_text(candidate[name]) if name in candidate else "" for name in sweep.space]


def spread(values: Sequence[float]) -> str:
    """Write the mean of values and their standard deviation, which one alone does not have."""
    if not values:
        return ""
    mean = f"{sum(values) / len(values):.{DIGITS}g}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.2g}"


def trials_csv(sweep: Sweep, rows: Sequence[TrialRow]) -> str:
    """Return a table of all trials, to the last bit: settings, state and what was reached in the end."""
    names = [OBJECTIVE, *sweep.file.objective.columns, USED]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["trial", "seed", *map(to_key, sweep.space), "rung", "state", "reason", *names])
    for row in rows:
        searched = _searched(sweep, row.candidate)
        reached = row.statistics.get(row.rung, {})
        values = [repr(reached[name]) if name in reached else "" for name in names]
        seed = row.number % sweep.file.seeds
        table.writerow([row.number, seed, *searched, row.rung, row.state, row.reason, *values])
    return text.getvalue()
