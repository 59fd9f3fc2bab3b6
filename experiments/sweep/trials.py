"""The trials of a sweep as the records file has them: planned, taken, given back, ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from experiments.leases import RUNNING, WAITING, Leases
from experiments.sweep.file import SweepFile
from experiments.sweep.space import Candidate, as_scalar
from experiments.sweep.sweep import Sweep
from workbench.errors import InputError
from workbench.records import Store
from workbench.records.errors import explained

DONE, PRUNED, LIMITED, FAILED = "done", "pruned", "limited", "failed"
STATES = (WAITING, RUNNING, DONE, PRUNED, LIMITED, FAILED)
"""To be run; being run; at the end of its budget, or of its part of it; not taken further; ended by a limit;
ended by an error."""


@dataclass(frozen=True)
class TrialRow:
    """A trial.

    Attributes
    ----------
    number, candidate
        As of `experiments.sweep.sweep.Trial`.
    rung
        Which part of the budget it runs to, or ran to last.
    state, reason
        One of `STATES`, and why.
    attempts
        How often it failed, or was killed by others.
    owner
        The worker that runs it; None where none does.
    statistics
        What it reached, by rung and name.
    """

    number: int
    candidate: Candidate
    rung: int
    state: str
    reason: str
    attempts: int
    owner: str | None
    statistics: Mapping[int, Mapping[str, float]]


class Trials:
    """The trials of a sweep.

    Parameters
    ----------
    store
        The records file, open.
    number
        Of the sweep in it.
    """

    def __init__(self, store: Store, number: int) -> None:
        self.store, self.number = store, number
        self._leases = Leases(store, "trials", "sweep = ?", (number,))

    @classmethod
    def known(cls, store: Store, sweep: Sweep) -> Trials | None:
        """Return the trials of the sweep of that name, whatever its file said; None where none was begun."""
        found = _find(store, sweep.name)
        return None if found is None else cls(store, found[0])

    @classmethod
    def begin(cls, store: Store, sweep: Sweep, *, overwrite: bool = False) -> Trials:
        """Begin a sweep.

        Raises
        ------
        InputError
            When there is one of that name, unless it may be overwritten.
        """
        with store.writing():
            known = _find(store, sweep.name)
            if known is not None and not overwrite:
                raise InputError(
                    f"{sweep.path}: a sweep called {sweep.name} was begun already: `resume` goes on with it, "
                    "--overwrite begins anew, a file of another name begins another"
                )
            store.connection.execute("DELETE FROM sweeps WHERE name = ?", (sweep.name,))
            values = (sweep.name, sweep.file.model_dump_json(exclude_unset=True))
            cursor = store.connection.execute("INSERT INTO sweeps (name, file) VALUES (?, ?)", values)
            return cls(store, int(cursor.lastrowid or 0))

    @classmethod
    def find(cls, store: Store, sweep: Sweep) -> Trials:
        """Return those of a sweep that was begun.

        Raises
        ------
        InputError
            When it was not, or its file says something else now.
        """
        known = _find(store, sweep.name)
        if known is None:
            raise InputError(f"{sweep.path}: no sweep called {sweep.name} was begun: `run` begins it")
        number, then = known
        different = _difference(then, sweep.file)
        if different:
            raise InputError(
                f"{sweep.path}: says another {different} than when the sweep was begun: "
                "change it back, or begin another sweep by a file of another name"
            )
        return cls(store, number)

    def rows(self) -> list[TrialRow]:
        """Return all trials so far, by number."""
        found: dict[int, dict[int, dict[str, float]]] = {}
        values = self._select("SELECT trial, rung, name, value FROM trial_statistics WHERE sweep = ?")
        for trial, rung, name, value in values:
            found.setdefault(trial, {}).setdefault(rung, {})[name] = value
        rows = self._select(
            "SELECT number, candidate, rung, state, reason, attempts, owner FROM trials WHERE sweep = ? "
            "ORDER BY number"
        )
        return [
            TrialRow(
                number, read_candidate(text), rung, state, reason, attempts, owner, found.get(number, {})
            )
            for number, text, rung, state, reason, attempts, owner in rows
        ]

    def add(self, first: int, candidates: Sequence[Candidate]) -> None:
        """Add trials; one that is there already stays as it is. Within `Store.writing`."""
        query = "INSERT OR IGNORE INTO trials (sweep, number, candidate, state) VALUES (?, ?, ?, ?)"
        values = [
            (self.number, number, json.dumps(candidate), WAITING)
            for number, candidate in enumerate(candidates, first)
        ]
        self.store.connection.executemany(query, values)

    def promote(self, numbers: Sequence[int], rung: int) -> None:
        """Let trials go on to a rung, and end the others that are done. Within `Store.writing`."""
        execute = self.store.connection.execute
        for number in numbers:
            execute(
                "UPDATE trials SET rung = ?, state = ? WHERE sweep = ? AND number = ?",
                (rung, WAITING, self.number, number),
            )
        execute(
            "UPDATE trials SET state = ? WHERE sweep = ? AND state = ? AND rung < ?",
            (PRUNED, self.number, DONE, rung),
        )

    def takeable(self) -> list[int]:
        """Return the trials that a worker of this machine may take if nobody holds their locks, in order."""
        return self._leases.takeable()

    def take(self, number: int, owner: str) -> TrialRow | None:
        """Take a trial, whose lock the caller holds; return None where it has ended, or is another's."""
        with self.store.writing():
            if not self._leases.take(number, owner):
                return None
        return next(row for row in self.rows() if row.number == number)

    def running_here(self) -> list[int]:
        """Return the trials that workers of this machine have taken, alive or not."""
        return self._leases.running_here()

    def are_run_elsewhere(self) -> bool:
        """Return whether a worker of another machine has a trial, and was heard of."""
        return self._leases.are_held_elsewhere()

    def renew(self, owner: str) -> bool:
        """Renew the lease of what a worker runs; return whether it still is that worker's."""
        return self._leases.renew(owner)

    def release(
        self,
        row: TrialRow,
        owner: str,
        state: str,
        *,
        reason: str,
        attempts: int,
        statistics: Mapping[str, float],
    ) -> None:
        """Give a trial back to wait, or end it, at a rung or for good, unless another worker has it by now.

        Parameters
        ----------
        row, owner
            The trial, and the worker that ran it.
        state, reason
            One of `STATES`, and why.
        attempts
            How often it failed until now.
        statistics
            What it reached.
        """
        with self.store.writing():
            if self._leases.give_back(row.number, owner, state, reason, attempts):
                self.store.connection.executemany(
                    "INSERT OR REPLACE INTO trial_statistics VALUES (?, ?, ?, ?, ?)",
                    [(self.number, row.number, row.rung, *each) for each in statistics.items()],
                )

    def ask_to_stop(self, *, stopping: bool = True) -> None:
        """Ask whoever runs the sweep to stop, or take that back."""
        with self.store.writing():
            query = "UPDATE sweeps SET stopping = ? WHERE number = ?"
            self.store.connection.execute(query, (int(stopping), self.number))

    def is_stopping(self) -> bool:
        """Return whether it was asked to stop, or is no longer there."""
        with explained(self.store.path):
            query = "SELECT stopping FROM sweeps WHERE number = ?"
            found = self.store.connection.execute(query, (self.number,)).fetchone()
        return found is None or bool(found[0])

    def _select(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with explained(self.store.path):
            return self.store.connection.execute(query, (self.number, *values)).fetchall()


def read_candidate(text: str) -> Candidate:
    """Return a candidate as it was before it was written."""
    return {name: as_scalar(value) for name, value in json.loads(text).items()}


def _find(store: Store, name: str) -> tuple[int, str] | None:
    with explained(store.path):
        found = store.connection.execute("SELECT number, file FROM sweeps WHERE name = ?", (name,)).fetchone()
    return None if found is None else (int(found[0]), str(found[1]))


def _difference(then: str, now: SweepFile) -> str:
    """Return the first key of a file that is another than before; empty where none is.

    The order of the space counts: it is that of the trials of a grid.
    """
    try:
        before = SweepFile.model_validate_json(then)
    except ValidationError:  # of another version of this program
        return "file"
    if list(before.space) != list(now.space):
        return "space"
    keys = SweepFile.model_fields
    return next((key for key in keys if getattr(before, key) != getattr(now, key)), "")
