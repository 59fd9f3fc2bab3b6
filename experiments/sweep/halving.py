"""Successive halving: all candidates get a little of the budget, and the best of them go on.

Jamieson and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization". What
counts is the objective when a trial has used up its part of the budget, not the best that it ever reported,
unless the sweep file says so: a training that diverges after a good beginning goes no further.
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.sweep.sweep import Sweep


def rungs(sweep: Sweep) -> list[float]:
    """Return the budgets of the rungs, the last of them the whole; one rung where nothing is halved."""
    return sweep.file.search.rungs(sweep.file.budget.amount)


def promoted(sweep: Sweep, scores: Mapping[int, float | None]) -> list[int]:
    """Return which candidates go on to the next rung, in the order of their places.

    Parameters
    ----------
    sweep
        Whose.
    scores
        Of all candidates of a rung, by their places; None where there is none, which never goes on.
    """
    sign = -1.0 if sweep.file.objective.direction == "maximize" else 1.0
    known = {place: score for place, score in scores.items() if score is not None}
    best = sorted(known, key=lambda place: (sign * known[place], place))
    return sorted(best[: max(1, len(scores) // sweep.file.search.factor)])
