"""Which candidates are tried: a pure function of the sweep and of what all earlier batches gave.

How many workers there are, and what became of them, is nowhere in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.sweep.file import IN_BATCHES
from experiments.sweep.space import Candidate, draw, grid
from experiments.sweep.sweep import Sweep
from workbench.errors import InputError

DRAWS = 1000
"""Draws in search of a candidate that is allowed and new."""


def next_candidates(
    sweep: Sweep, before: Sequence[Candidate] = (), scores: Sequence[float | None] = ()
) -> list[Candidate]:
    """Return the candidates that are tried next; none when all are.

    Parameters
    ----------
    sweep
        What is searched.
    before
        All candidates so far, in their order.
    scores
        Of these: the mean of the objective over the seeds, None where a trial failed or was ended.

    Raises
    ------
    InputError
        When the search finds nothing that is allowed, or Optuna is missing or another version than before.
    """
    search = sweep.file.search
    if search.kind in IN_BATCHES:
        from experiments.sweep.suggestions import suggest  # noqa: PLC0415 - Optuna, an extra

        return suggest(sweep, before, scores)
    if before:
        return []
    if search.kind == "grid":
        allowed = [each for each in grid(sweep.space) if sweep.allows(each)]
        if not allowed:
            raise InputError(f"{sweep.path}: filters: leave nothing of the grid: loosen them")
        return allowed
    assert search.candidates is not None
    return draw_candidates(sweep, search.candidates)


def draw_candidates(sweep: Sweep, count: int) -> list[Candidate]:
    """Return random candidates that are allowed, no two of them equal.

    Raises
    ------
    InputError
        When there are not so many.
    """
    found: list[Candidate] = []
    for number in range(count):
        generator = np.random.default_rng([sweep.file.seed, number])
        drawn = (draw(sweep.space, generator) for _ in range(DRAWS))
        new = next((each for each in drawn if each not in found and sweep.allows(each)), None)
        if new is None:
            raise InputError(
                f"{sweep.path}: search.candidates: {count} are asked for, and after {len(found)} no other "
                f"that the filters allow was found in {DRAWS} draws: ask for fewer, or take a grid"
            )
        found.append(new)
    return found
