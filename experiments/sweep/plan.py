"""`sweep plan`: the trials, as far as they are known beforehand, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.sweep.file import IN_BATCHES
from experiments.sweep.halving import rungs
from experiments.sweep.loading import check_statistics
from experiments.sweep.search import next_candidates
from experiments.sweep.space import Candidate, describe, grid_size
from experiments.sweep.sweep import Sweep, Trial, amount_text


def first_candidates(sweep: Sweep) -> list[Candidate]:
    """Return the candidates that are known before any result, each of them checked.

    Raises
    ------
    SettingsError
        When the program would refuse one, or none of them records a statistic that the sweep names.
    """
    candidates = next_candidates(sweep)
    check_statistics(sweep, [sweep.check(each) for each in candidates])
    return candidates


def trials_of(sweep: Sweep, candidates: list[Candidate], first: int = 0) -> list[Trial]:
    """Return the trials of candidates, of which the first has a place among all."""
    seeds = sweep.file.seeds
    return [
        sweep.trial(place * seeds + seed, candidate)
        for place, candidate in enumerate(candidates, first)
        for seed in range(seeds)
    ]


def plan_lines(sweep: Sweep, folder: Path) -> Iterator[str]:
    """Yield the plan as lines of text.

    Parameters
    ----------
    sweep
        What is planned.
    folder
        Where its trials are.
    """
    candidates = first_candidates(sweep)
    for trial in trials_of(sweep, candidates):
        yield f"{trial.name}  seed {trial.seed}  {describe(trial.candidate)}"
        yield f"    {sweep.command_line(trial, folder / trial.name)}"
    yield from _size_lines(sweep, len(candidates))


def _size_lines(sweep: Sweep, known: int) -> Iterator[str]:
    file = sweep.file
    total = known if file.search.candidates is None else file.search.candidates
    budget = f"{amount_text(file.budget.amount)} {file.budget.unit}"
    yield ""
    yield f"size      {total} candidates x {file.seeds} seeds = {total * file.seeds} trials of {budget}"
    if file.search.kind == "grid" and (left_out := grid_size(sweep.space) - known):
        yield f"left out  {left_out} points of the grid, by the filters"
    if file.search.kind in IN_BATCHES and total > known:
        yield f"known     the first {known}; others follow from their results, {file.search.batch} at a time"
    if file.search.kind == "halving":
        yield f"halving   {'; '.join(_rung_texts(sweep, total))}"


def _rung_texts(sweep: Sweep, total: int) -> Iterator[str]:
    count = total
    for amount in rungs(sweep):
        yield f"{count} to {amount_text(amount)} {sweep.file.budget.unit}"
        count = max(1, count // sweep.file.search.factor)
