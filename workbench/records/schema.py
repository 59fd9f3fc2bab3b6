"""The tables of a records file, version by version.

A file has a version; one that is older is brought up to date when it is opened, one that is newer is
refused. A migration is never changed once it was used: what is to be different is a further one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from workbench.records.errors import RecordsError

APPLICATION = 0x47414E47
"""Marks a SQLite file as one of records ("GANG")."""

MIGRATIONS: list[Sequence[str]] = [
    (
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            key TEXT NOT NULL UNIQUE,
            program TEXT NOT NULL,
            folder TEXT,
            seed INTEGER,
            data TEXT NOT NULL,
            sweep TEXT,
            trial INTEGER,
            state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'failed', 'lost')),
            reason TEXT NOT NULL,
            started_at REAL NOT NULL,
            ended_at REAL,
            seen_at REAL NOT NULL,
            system TEXT NOT NULL,
            process INTEGER NOT NULL,
            process_started INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX runs_by_program ON runs (program)",
        "CREATE INDEX runs_by_state ON runs (state)",
        "CREATE INDEX runs_by_start ON runs (started_at)",
        "CREATE INDEX runs_by_folder ON runs (folder)",
        "CREATE INDEX runs_by_trial ON runs (sweep, trial)",
        """CREATE TABLE sessions (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            started_at REAL NOT NULL,
            ended_at REAL,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            command TEXT NOT NULL,
            code TEXT NOT NULL,
            machine TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX sessions_by_run ON sessions (run)",
        """CREATE TABLE settings (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            value ANY,
            PRIMARY KEY (run, name)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX settings_by_value ON settings (name, value)",
        """CREATE TABLE results (
            place INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            value ANY,
            UNIQUE (run, name)
        ) STRICT""",
        "CREATE INDEX results_by_value ON results (name, value)",
        # a value that is NULL is NaN; a statistic that is missing has no row
        """CREATE TABLE statistics (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            name TEXT NOT NULL,
            step INTEGER NOT NULL,
            value REAL,
            PRIMARY KEY (run, name, step)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE artefacts (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            path TEXT NOT NULL,
            role TEXT NOT NULL,
            size INTEGER NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (run, path)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE sweeps (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            file TEXT NOT NULL,
            stopping INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        """CREATE TABLE trials (
            sweep INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE,
            number INTEGER NOT NULL,
            candidate TEXT NOT NULL,
            rung INTEGER NOT NULL DEFAULT 0,
            state TEXT NOT NULL CHECK (
                state IN ('waiting', 'running', 'done', 'pruned', 'limited', 'failed')
            ),
            reason TEXT NOT NULL DEFAULT '',
            attempts INTEGER NOT NULL DEFAULT 0,
            owner TEXT,
            system TEXT,
            lease_until REAL,
            PRIMARY KEY (sweep, number)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE trial_statistics (
            sweep INTEGER NOT NULL,
            trial INTEGER NOT NULL,
            rung INTEGER NOT NULL,
            name TEXT NOT NULL,
            value REAL NOT NULL,
            PRIMARY KEY (sweep, trial, rung, name),
            FOREIGN KEY (sweep, trial) REFERENCES trials ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE jobs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            program TEXT NOT NULL,
            words TEXT NOT NULL,
            place TEXT NOT NULL,
            folder TEXT NOT NULL,
            priority INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            memory_mib REAL,
            minutes REAL,
            silent_minutes REAL,
            notice TEXT,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
            reason TEXT NOT NULL DEFAULT '',
            waiting_for TEXT NOT NULL DEFAULT '',
            cancelling INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            exit_status INTEGER,
            submitted_at REAL NOT NULL,
            started_at REAL,
            ended_at REAL,
            owner TEXT,
            system TEXT,
            lease_until REAL
        ) STRICT""",
        "CREATE INDEX jobs_by_state ON jobs (state, priority DESC, number)",
    ),
]
"""Statements that lead from each version to the next; the first makes version 1 of an empty file."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a file up to date, all of it or nothing.

    Raises
    ------
    RecordsError
        When the file is of a newer version, or of another program.
    """
    if _version(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[_version(connection, path) :]:  # another process may have done it
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of a file, 0 where it is empty."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION:
        raise RecordsError(f"{path}: holds tables of another program: give another file, --records FILE")
    if version > len(MIGRATIONS):
        raise RecordsError(
            f"{path}: was written by a newer version of this program (its tables are of version {version}, "
            f"this program knows {len(MIGRATIONS)}): update the program, or give another file, --records FILE"
        )
    return int(version)
