"""What the table of a trial says: its whole rows, the first beyond a limit, and what the trial reached."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from experiments.sweep.file import Limit
from experiments.sweep.loading import RATIO
from experiments.sweep.programs.program import TABLE_FILE
from experiments.sweep.sweep import Sweep

OBJECTIVE, USED = "objective", "used"
"""Names under which a trial's objective, and how much of the budget it used, are kept."""

SECONDS = 60.0
"""Of a minute."""

Row = Mapping[str, float]


class Passed(NamedTuple):
    """A limit that a trial passed, and how many rows there were until then."""

    limit: Limit
    rows: int


def read_rows(folder: Path) -> list[Row]:
    """Return the table in a trial's folder; what is empty or no number is NaN, and no table has no rows."""
    try:
        text = (folder / TABLE_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [
        {name: _number(cell) for name, cell in row.items() if name}
        for row in csv.DictReader(text.splitlines())
    ]


def _number(cell: object) -> float:
    try:
        return float(str(cell))
    except ValueError:
        return math.nan


def whole_rows(rows: Sequence[Row], counting: tuple[str, int], *, ended: bool) -> list[Row]:
    """Return the rows that are there whatever interrupted the trial.

    Parameters
    ----------
    rows
        All.
    counting
        The column that counts, and from one whole row to the next by how much.
    ended
        Whether the trial has ended by itself: its last row counts then, wherever it is.
    """
    column, every = counting
    whole = [row for row in rows if row.get(column, math.nan) % every == 0]
    return [*whole, rows[-1]] if ended and rows and (not whole or whole[-1] is not rows[-1]) else whole


def value_of(row: Row, statistic: str) -> float:
    """Return a statistic of a row: a column, or one divided by another; NaN where there is none."""
    first, *others = (row.get(part, math.nan) for part in RATIO.split(statistic))
    for divisor in others:
        first = first / divisor if divisor else math.nan
    return first


def passed(limits: Sequence[Limit], rows: Sequence[Row]) -> Passed | None:
    """Return the limit that was passed first; None where none was."""
    found = [Passed(limit, place) for limit in limits if (place := _passed_at(limit, rows)) is not None]
    return min(found, key=lambda each: each.rows, default=None)


def _passed_at(limit: Limit, rows: Sequence[Row]) -> int | None:
    beyond = 0
    for number, row in enumerate(rows, 1):
        known = all(part in row for part in RATIO.split(limit.statistic))
        beyond = beyond + 1 if known and limit.is_passed(value_of(row, limit.statistic)) else 0
        if beyond == limit.rows:
            return number
    return None


def reached(sweep: Sweep, rows: Sequence[Row]) -> dict[str, float]:
    """Return what a trial reached by name: its objective, the file's other columns, and the budget used.

    What is not finite is left out.
    """
    if not rows:
        return {}
    objective = sweep.file.objective
    values = {name: value_of(rows[-1], name) for name in objective.columns}
    values[OBJECTIVE] = _objective(sweep, rows)
    unit = sweep.file.budget.unit
    used = rows[-1].get(sweep.program.counters[unit], math.nan)
    values[USED] = used / SECONDS if unit == "minutes" else used
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _objective(sweep: Sweep, rows: Sequence[Row]) -> float:
    objective = sweep.file.objective
    values = [value_of(row, objective.statistic) for row in rows]
    if objective.of == "last":
        return values[-1]
    best = max if objective.direction == "maximize" else min
    return best((value for value in values if math.isfinite(value)), default=math.nan)
