"""Everything that is read from a records file."""

from __future__ import annotations

import difflib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.records.errors import RecordsError, explained
from workbench.records.labels import Label
from workbench.records.process import Process
from workbench.records.query import COLUMNS, Query
from workbench.records.run import LOST, RUNNING, Artefact, Curve, Run, Session
from workbench.records.values import Plain, decode
from workbench.records.writes import GONE

AT_ONCE = 500
"""Runs that one statement asks for."""

RUN = (
    "number, key, program, folder, seed, data, sweep, trial, state, reason, runs.started_at, runs.ended_at, "
    "seen_at, system, process, process_started, "
    "(SELECT total(coalesce(sessions.ended_at, seen_at) - sessions.started_at) FROM sessions "
    "WHERE run = number)"
)
"""What a `Run` is made of."""

Values = dict[int, dict[str, Plain]]
"""Values by run and name."""


class Reads:
    """The part of a `Store` that reads."""

    path: Path
    connection: sqlite3.Connection

    def runs(self, query: Query = Query()) -> list[Run]:  # noqa: B008 - frozen
        """Return the runs that are asked for; one whose process is gone is lost.

        Raises
        ------
        InputError
            When no run has what they are sorted by.
        RecordsError
            When the file cannot be read.
        """
        return list(islice(self._wanted(query), query.limit))

    def run(self, number: int) -> Run:
        """Return a run.

        Raises
        ------
        InputError
            When there is none of that number.
        """
        found = self.runs(Query(numbers=[number]))
        if not found:
            raise InputError(f"{self.path}: has no run {number}; `python -m experiments list` shows which")
        return found[0]

    def count(self, query: Query = Query()) -> int:  # noqa: B008 - frozen
        """Return how many runs there are, whatever the limit and what is skipped."""
        if LOST in query.states or RUNNING in query.states:
            return len(self.runs(replace(query, limit=None, skip=0)))
        condition, values = query.conditions()
        return int(self._rows(f"SELECT count(*) FROM runs WHERE {condition}", values)[0][0])

    def settings(self, numbers: Iterable[int]) -> Values:
        """Return the settings of runs, by number and name; of a run without any an empty dictionary."""
        return self._values("settings", "name", numbers)

    def results(self, numbers: Iterable[int]) -> Values:
        """Return the results of runs, by number and name, in the order they were written in."""
        return self._values("results", "place", numbers)

    def statistics(self, number: int, names: Sequence[str] = ()) -> dict[str, Curve]:
        """Return the statistics of a run by name, all of them or some; one that it has not is left out."""
        condition = f" AND name IN ({', '.join('?' * len(names))})" if names else ""
        rows = self._rows(
            f"SELECT name, step, value FROM statistics WHERE run = ?{condition} ORDER BY name, step",
            [number, *names],
        )
        curves: dict[str, Curve] = {}
        for name, step, value in rows:
            curve = curves.setdefault(name, Curve([], []))
            curve.steps.append(step)
            curve.values.append(float("nan") if value is None else value)
        return curves

    def artefacts(self, number: int) -> list[Artefact]:
        """Return the files that a run wrote."""
        query = "SELECT path, role, size, digest FROM artefacts WHERE run = ? ORDER BY role, path"
        return [Artefact(Path(path), *rest) for path, *rest in self._rows(query, [number])]

    def sessions(self, number: int) -> list[Session]:
        """Return the sessions of a run, in order."""
        query = (
            "SELECT started_at, ended_at, state, reason, command, code, machine FROM sessions "
            "WHERE run = ? ORDER BY rowid"
        )
        with _readable(self.path):
            return [
                Session(*(*row[:5], json.loads(row[5]), json.loads(row[6])))
                for row in self._rows(query, [number])
            ]

    def _wanted(self, query: Query) -> Iterator[Run]:
        """Yield runs after those that are skipped; states are known only when processes were looked at."""
        if query.states or query.sort not in COLUMNS:
            wanted = (run for run in self._found(query) if not query.states or run.state in query.states)
            yield from islice(wanted, query.skip, None)
        else:
            yield from self._found(query, query.skip)

    def _found(self, query: Query, skip: int = 0) -> Iterator[Run]:
        condition, values = query.conditions()
        down = "DESC" if query.descending else "ASC"
        if query.sort in COLUMNS:
            column = COLUMNS[query.sort]
            order = f"{column} {down} NULLS LAST" + (", number DESC" if column != "number" else "")
            rest = f"FROM runs WHERE {condition} ORDER BY {order} LIMIT -1 OFFSET ?"
            yield from self._select(rest, [*values, skip])
            return
        table, name = self._home(query.sort)
        yield from self._select(
            f"FROM {table} JOIN runs ON number = run WHERE name = ? AND {condition} "
            f"ORDER BY value {down} NULLS LAST",
            [name, *values],
        )
        yield from self._select(
            f"FROM runs WHERE {condition} AND number NOT IN (SELECT run FROM {table} WHERE name = ?) "
            "ORDER BY number DESC",
            [*values, name],
        )

    def _select(self, rest: str, values: Sequence[Any]) -> Iterator[Run]:
        now = time.time()
        with explained(self.path):
            for row in self.connection.execute(f"SELECT {RUN} {rest}", values):
                yield _run(row, now)

    def _home(self, given: str) -> tuple[str, str]:
        """Return the table, and the name in it, of a result or setting."""
        for table in ("results", "settings"):
            for name in (given, given.replace("-", "_")):
                if self._rows(f"SELECT 1 FROM {table} WHERE name = ? LIMIT 1", [name]):
                    return table, name
        raise InputError(f"no run has a result or a setting called {given!r}{self.nearest(given)}")

    def nearest(self, name: str) -> str:
        """Return `; did you mean ...?` for the name of a setting or result; empty where none is near."""
        near = difflib.get_close_matches(name, [*COLUMNS, *self.names()], n=1)
        return f"; did you mean {near[0]}?" if near else ""

    def names(self) -> list[str]:
        """Return the names of all settings and results."""
        return sorted({name for table in ("settings", "results") for name in self._distinct(table, "name")})

    def programs(self) -> list[str]:
        """Return the programs that there are runs of."""
        return self._distinct("runs", "program")

    def statistic_names(self, number: int) -> list[str]:
        """Return the names of the statistics of a run."""
        return self._distinct("statistics", "name", "run = ?", [number])

    def _distinct(
        self, table: str, column: str, condition: str = "TRUE", values: Sequence[Any] = ()
    ) -> list[str]:
        """Return the texts in a column, in order, from one to the next by an index: rows may be millions."""
        least = f"SELECT min({column}) FROM {table} WHERE {condition}"
        rows = self._rows(
            f"WITH RECURSIVE found (text) AS ({least} UNION ALL SELECT ({least} AND {column} > found.text) "
            "FROM found WHERE text NOTNULL) SELECT text FROM found WHERE text NOTNULL",
            [*values, *values],
        )
        return [text for (text,) in rows]

    def _values(self, table: str, order: str, numbers: Iterable[int]) -> Values:
        wanted = list(numbers)
        found: Values = {number: {} for number in wanted}
        with _readable(self.path):
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                chosen = f"run IN ({', '.join('?' * len(some))}) ORDER BY run, {order}"
                query = f"SELECT run, name, kind, value FROM {table} WHERE {chosen}"
                for number, name, kind, value in self._rows(query, some):
                    found[number][name] = decode(kind, value)
        return found

    def _rows(self, query: str, values: Sequence[Any]) -> list[Any]:
        with explained(self.path):
            return self.connection.execute(query, values).fetchall()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise what is wrong with a value in the file as a `RecordsError` that names the file."""
    try:
        yield
    except InputError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordsError(f"{path}: is damaged: {error}") from error


def _run(row: Sequence[Any], now: float) -> Run:
    number, key, program, folder, seed, data, sweep, trial, state, reason, *rest = row
    started, ended, seen, *process, seconds = rest
    run = Run(
        number=number,
        key=key,
        program=program,
        folder=None if folder is None else Path(folder),
        seed=seed,
        data=data,
        label=None if sweep is None else Label(sweep, trial),
        state=state,
        reason=reason,
        started_at=started,
        ended_at=ended,
        seen_at=seen,
        process=Process(*process),
        seconds=seconds,
    )
    if state == RUNNING and not run.process.is_alive(now - seen):
        return replace(run, state=LOST, reason=GONE, ended_at=seen)
    return run
