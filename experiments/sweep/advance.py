"""What a sweep does when its trials have ended: it lets the best go on, or tries what is suggested next."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.sweep.halving import promoted, rungs
from experiments.sweep.search import next_candidates
from experiments.sweep.space import Candidate
from experiments.sweep.statistics import OBJECTIVE
from experiments.sweep.sweep import Sweep
from experiments.sweep.trials import RUNNING, WAITING, TrialRow, Trials


def advance(sweep: Sweep, trials: Trials) -> bool:
    """Plan the next trials where none is left; return whether there are any.

    What is planned follows from the results of all trials before, and is written as a whole: it is the same
    whoever plans it, and however often it is begun. Where another was faster, nothing is written.
    """
    rows = trials.rows()
    if any(row.state in (WAITING, RUNNING) for row in rows):
        return True
    rung = max((row.rung for row in rows), default=0)
    if rows and rung < len(rungs(sweep)) - 1:
        return _let_go_on(sweep, trials, rows, rung)
    candidates = candidates_of(sweep, rows)
    new = next_candidates(sweep, candidates, list(scores(sweep, rows, rung).values()))
    with trials.store.writing():
        if trials.rows() != rows:
            return True
        trials.add(len(rows), [candidate for candidate in new for _ in range(sweep.file.seeds)])
    return bool(new)


def _let_go_on(sweep: Sweep, trials: Trials, rows: Sequence[TrialRow], rung: int) -> bool:
    there = [row for row in rows if row.rung == rung]
    best = promoted(sweep, scores(sweep, there, rung))
    chosen = [row.number for row in there if row.number // sweep.file.seeds in best]
    with trials.store.writing():
        if trials.rows() != rows:
            return True
        trials.promote(chosen, rung + 1)
    return bool(chosen)


def candidates_of(sweep: Sweep, rows: Sequence[TrialRow]) -> list[Candidate]:
    """Return the candidates of all trials, in their order."""
    return [row.candidate for row in rows if row.number % sweep.file.seeds == 0]


def scores(sweep: Sweep, rows: Sequence[TrialRow], rung: int) -> dict[int, float | None]:
    """Return the mean objective of candidates over their seeds at a rung, by the places of candidates.

    None where a trial did not get there: what fails with one seed is no candidate to choose.
    """
    found: dict[int, list[float | None]] = {}
    for row in rows:
        reached = row.statistics.get(rung, {}).get(OBJECTIVE)
        found.setdefault(row.number // sweep.file.seeds, []).append(reached)
    return {
        place: None if None in values else sum(values) / len(values)  # type: ignore[arg-type]
        for place, values in found.items()
    }
