"""What can be wrong with a records file, in a line that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import InputError

PRIMARY = 0xFF
"""Bits of SQLite's error codes that tell the kind; the others tell kinds of that kind."""


GIVE_ANOTHER = "give another file, --records FILE"

EXPLAINED = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked: try again later",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked: try again later",
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_READONLY: f"cannot be written: allow it, or {GIVE_ANOTHER}",
    sqlite3.SQLITE_PERM: f"cannot be written: allow it, or {GIVE_ANOTHER}",
    sqlite3.SQLITE_CANTOPEN: f"cannot be opened: {GIVE_ANOTHER}",
    sqlite3.SQLITE_NOTADB: f"is no records file: {GIVE_ANOTHER}",
    sqlite3.SQLITE_CORRUPT: "is damaged: move it away, or put a copy in its place",
    sqlite3.SQLITE_CONSTRAINT: "the record of the run was deleted",
}
"""What SQLite's codes mean here."""

PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


class RecordsError(InputError):
    """A records file that cannot be read or written.

    Attributes
    ----------
    passing
        Whether the same may succeed later: the file is locked, or the disk is full.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise what SQLite raises as a `RecordsError` that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(path, error) from error


def _explain(path: Path, error: sqlite3.Error) -> RecordsError:
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
    if path.is_dir():
        return RecordsError(f"{path}: is a folder: {GIVE_ANOTHER}")
    return RecordsError(f"{path}: {EXPLAINED.get(code, error)}", passing=code in PASSING)
