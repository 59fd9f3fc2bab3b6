"""Trials of another records file's sweeps merged into ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.sweep.trials import RUNNING, WAITING
from workbench.records import Store

COLUMNS = "number, candidate, rung, state, reason, attempts"


def merge_sweeps(there: Store, here: Store) -> tuple[int, list[str]]:
    """Take over trials that have come further there.

    One that runs there waits here: no worker of ours has it.

    Returns
    -------
    tuple of int and list of str
        How many trials were taken over, and the sweeps of which none was, because they are others here.
    """
    taken, others = 0, []
    for number, name, file in there.connection.execute(
        "SELECT number, name, file FROM sweeps ORDER BY number"
    ):
        with here.writing():
            here.connection.execute(
                "INSERT INTO sweeps (name, file) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, file)
            )
            own, known = here.connection.execute(
                "SELECT number, file FROM sweeps WHERE name = ?", (name,)
            ).fetchone()
            if known == file and _fit(there, number, here, own):
                taken += sum([_take(there, number, here, own, row) for row in _rows(there, number)])
            else:
                others.append(name)
    return taken, others


def _rows(store: Store, sweep: int) -> list[tuple[Any, ...]]:
    query = f"SELECT {COLUMNS} FROM trials WHERE sweep = ? ORDER BY number"
    return store.connection.execute(query, (sweep,)).fetchall()


def _fit(there: Store, number: int, here: Store, own: int) -> bool:
    """Return whether what is tried is the same in both."""
    pairs = zip(_rows(there, number), _rows(here, own), strict=False)
    return all(one[:2] == other[:2] for one, other in pairs)


def _take(there: Store, number: int, here: Store, own: int, row: Sequence[Any]) -> bool:
    trial, candidate, rung, state, reason, attempts = row
    state = WAITING if state == RUNNING else state
    known = here.connection.execute(
        "SELECT rung, state FROM trials WHERE sweep = ? AND number = ?", (own, trial)
    ).fetchone()
    if known is not None and (
        known[1] == RUNNING or (rung, state != WAITING) <= (known[0], known[1] != WAITING)
    ):
        return False
    here.connection.execute("DELETE FROM trials WHERE sweep = ? AND number = ?", (own, trial))
    here.connection.execute(
        f"INSERT INTO trials (sweep, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (own, trial, candidate, rung, state, reason, attempts),
    )
    values = there.connection.execute(
        "SELECT rung, name, value FROM trial_statistics WHERE sweep = ? AND trial = ?", (number, trial)
    )
    here.connection.executemany(
        "INSERT INTO trial_statistics VALUES (?, ?, ?, ?, ?)", ((own, trial, *each) for each in values)
    )
    return True
