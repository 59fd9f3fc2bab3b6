"""The report of a sweep as a page shows it, while it runs and afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.sweep.commands import RUNS
from experiments.sweep.importance import importances
from experiments.sweep.measured import best_so_far, measured
from experiments.sweep.parallel import ABSENT, heights_of, is_logarithmic, labels_of, score_heights
from experiments.sweep.programs import PROGRAMS
from experiments.sweep.recorded import recorded_sweep
from experiments.sweep.report import summary, table_rows, winning_command
from experiments.sweep.standings import Standing, headings, standings, winner
from experiments.sweep.sweep import Sweep
from experiments.sweep.trials import STATES, TrialRow
from workbench.records import Store
from workbench.settings.table import to_key


class Report(NamedTuple):
    """A report.

    Attributes
    ----------
    sweep, found
        The sweep and its candidates, the best first.
    summary, states
        What is searched and how far it is; how many trials are in which state.
    headings, rows
        The table.
    command
        Of the best candidate; empty where there is none yet.
    best
        The curve of the best against the budget, and the candidates around it.
    parallel
        Axes with what stands beside them by height, and a line for every candidate, the best first.
    """

    sweep: Sweep
    found: Sequence[Standing]
    summary: str
    states: str
    headings: list[str]
    rows: list[list[str]]
    command: str
    best: dict[str, Any]
    parallel: dict[str, Any]


def report_of(store: Store, name: str) -> Report:
    """Return the report of a sweep.

    Raises
    ------
    InputError
        When there is none of that name.
    """
    sweep, rows = recorded_sweep(store, name, PROGRAMS)
    found = standings(sweep, rows)
    counts = Counter(row.state for row in rows)
    return Report(
        sweep,
        found,
        summary(sweep, rows),
        ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]) or "no trials yet",
        headings(sweep),
        table_rows(sweep, found),
        winning_command(sweep, found, Path(RUNS, sweep.name)) if winner(found) else "",
        _best(sweep, rows),
        _parallel(sweep, found),
    )


def importance_of(report: Report) -> list[dict[str, Any]]:
    """Return the importance of every setting, the largest first; this takes seconds."""
    found = importances(report.sweep, report.found)
    return [{"name": to_key(name), "mean": mean, "deviation": deviation} for name, mean, deviation in found]


def _best(sweep: Sweep, rows: Sequence[TrialRow]) -> dict[str, Any]:
    found = measured(sweep, rows)
    dots = [[each.used, each.score] for each in found if each.score is not None]
    scores = [each.score for each in found if each.score is not None]
    return {
        "statistic": sweep.file.objective.statistic,
        "unit": sweep.file.budget.unit,
        "dots": dots,
        "curve": [list(each) for each in best_so_far(sweep, found)],
        "logarithmic": is_logarithmic(scores),
    }


def _parallel(sweep: Sweep, found: Sequence[Standing]) -> dict[str, Any]:
    scored = [each for each in found if each.score is not None]
    scores = [each.score for each in scored if each.score is not None]
    axes = [
        {"name": to_key(name), "labels": [list(each) for each in labels_of(parameter).items()]}
        for name, parameter in sweep.space.items()
    ]
    ends = [[0.0, f"{min(scores):.4g}"], [1.0, f"{max(scores):.4g}"]] if scores else []
    axes.append({"name": sweep.file.objective.statistic, "labels": ends})
    heights = [*score_heights(scored), *[None] * (len(found) - len(scored))]
    lines = [[*row, at] for row, at in zip(heights_of(sweep, found), heights, strict=True)]
    return {"axes": axes, "lines": lines, "lowest": ABSENT}
