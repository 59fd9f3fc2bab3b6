"""Everything that is written to a records file; all of it within `Store.writing`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nn.one_line import one_line
from workbench.records.process import Process
from workbench.records.run import LOST, RUNNING, About, Artefact, Session
from workbench.records.values import Encoded

GONE = "its process ended without a word: it was killed, or the machine went down"


INSERTED = (
    "key, program, folder, seed, data, sweep, trial, state, reason, started_at, seen_at, system, process, "
    "process_started"
)
"""What is written of a run when it begins."""


class Writes:
    """The part of a `Store` that writes."""

    connection: sqlite3.Connection

    def begin(self, about: About, session: Session, process: Process) -> int:
        """Begin a run and return its number.

        A run of the same key, and a trial that is begun again in the same folder, is the same run: what it
        had come to is deleted.
        """
        condition, values = "FALSE", []
        if about.label is not None:
            condition, values = "folder IS ? AND sweep = ? AND trial = ?", [_text(about.folder), *about.label]
        number = self._find(about, condition, values)
        if number is None:
            return self._insert(about, session, process)
        for table in ("settings", "results", "statistics", "artefacts"):
            self.connection.execute(f"DELETE FROM {table} WHERE run = ?", (number,))
        self._resume(number, about, session, process)
        return number

    def go_on(self, about: About, session: Session, process: Process, step: int) -> int:
        """Go on with the last run of a key, or of a program in a folder; begin one where there is none.

        Parameters
        ----------
        step
            Where the run goes on; statistics of later steps are deleted, because they will be made again.
        """
        number = self._find(about, "folder = ?", [_text(about.folder)])
        if number is None:
            return self._insert(about, session, process)
        self.connection.execute("DELETE FROM statistics WHERE run = ? AND step > ?", (number, step))
        self.connection.execute("DELETE FROM settings WHERE run = ?", (number,))
        self._resume(number, about, session, process)
        return number

    def finish(self, number: int, state: str, reason: str, at: float) -> None:
        """Note how and when a run, and its last session, ended."""
        values = (state, one_line(reason), at, at, number)
        self.connection.execute(
            "UPDATE runs SET state = ?, reason = ?, ended_at = ?, seen_at = ? WHERE number = ?", values
        )
        self.connection.execute(
            "UPDATE sessions SET state = ?, reason = ?, ended_at = ? WHERE run = ? AND ended_at IS NULL",
            (state, one_line(reason), at, number),
        )

    def note_alive(self, number: int, at: float) -> None:
        """Note a sign of life."""
        self.connection.execute("UPDATE runs SET seen_at = ? WHERE number = ?", (at, number))

    def mark_lost(self) -> None:
        """Give the state "lost" to every run that says it runs, and whose process is known to be dead."""
        own = Process.own()
        query = "SELECT number, process, process_started, seen_at FROM runs WHERE state = ? AND system = ?"
        for number, process, started, seen_at in self.connection.execute(
            query, (RUNNING, own.system)
        ).fetchall():
            if not own._replace(number=process, started=started).is_alive(0.0):
                self.finish(number, LOST, GONE, seen_at)

    def write_settings(self, number: int, values: Mapping[str, Encoded]) -> None:
        """Write settings by name, over those of the same names."""
        self._write_values("settings", number, values)

    def write_results(self, number: int, values: Mapping[str, Encoded]) -> None:
        """Write results by name, over those of the same names."""
        self._write_values("results", number, values)

    def write_statistics(self, number: int, step: int, values: Mapping[str, float]) -> None:
        """Write statistics of a step by name, over those of the same names."""
        self.connection.executemany(
            "INSERT INTO statistics VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [(number, name, step, value) for name, value in values.items()],
        )

    def write_artefacts(self, number: int, artefacts: Iterable[Artefact]) -> None:
        """Write what files a run made, over what was known of the same ones."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO artefacts VALUES (?, ?, ?, ?, ?)",
            [(number, _text(each.path), *each[1:]) for each in artefacts],
        )

    def delete(self, numbers: Iterable[int]) -> None:
        """Delete runs with all that is known of them; the files that they wrote stay."""
        self.connection.executemany("DELETE FROM runs WHERE number = ?", [(number,) for number in numbers])

    def _find(self, about: About, condition: str, values: Sequence[Any]) -> int | None:
        """Return the number of the run with a key, or of the last one of a program that fits."""
        by_key = self.connection.execute("SELECT number FROM runs WHERE key = ?", (about.key,)).fetchone()
        query = f"SELECT max(number) FROM runs WHERE program = ? AND {condition}"
        found = by_key or self.connection.execute(query, [about.program, *values]).fetchone()
        return None if found[0] is None else int(found[0])

    def _insert(self, about: About, session: Session, process: Process) -> int:
        at = session.started_at
        values: list[Any] = [about.key, about.program, _text(about.folder), about.seed, about.data]
        values += [*(about.label or (None, None)), RUNNING, "", at, at, *process]
        query = f"INSERT INTO runs ({INSERTED}) VALUES ({', '.join('?' * len(values))})"
        cursor = self.connection.execute(query, values)
        assert cursor.lastrowid is not None
        self._add_session(cursor.lastrowid, session)
        return cursor.lastrowid

    def _resume(self, number: int, about: About, session: Session, process: Process) -> None:
        (seen_at,) = self.connection.execute(
            "SELECT seen_at FROM runs WHERE number = ?", (number,)
        ).fetchone()
        self.connection.execute(
            "UPDATE sessions SET state = ?, reason = ?, ended_at = ? WHERE run = ? AND ended_at IS NULL",
            (LOST, GONE, seen_at, number),
        )
        self.connection.execute(
            "UPDATE runs SET seed = ?, data = ?, state = ?, reason = '', ended_at = NULL, seen_at = ?, "
            "system = ?, process = ?, process_started = ? WHERE number = ?",
            (about.seed, about.data, RUNNING, session.started_at, *process, number),
        )
        self._add_session(number, session)

    def _add_session(self, number: int, session: Session) -> None:
        texts = one_line(session.command), *map(json.dumps, (session.code, session.machine))
        self.connection.execute(
            "INSERT INTO sessions VALUES (?, ?, NULL, ?, '', ?, ?, ?)",
            (number, session.started_at, RUNNING, *texts),
        )

    def _write_values(self, table: str, number: int, values: Mapping[str, Encoded]) -> None:
        self.connection.executemany(
            f"INSERT INTO {table} (run, name, kind, value) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (run, name) DO UPDATE SET kind = excluded.kind, value = excluded.value",
            [(number, name, *each) for name, each in values.items()],
        )


def _text(path: Path | None) -> str | None:
    return None if path is None else one_line(str(path))
