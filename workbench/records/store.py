"""A records file, open: transactions, and what is written and read in them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from workbench.records.disk import LOCAL, disk_kind
from workbench.records.errors import RecordsError, explained
from workbench.records.reads import Reads
from workbench.records.schema import migrate
from workbench.records.several_machines import check_disk, prepare_for_several
from workbench.records.writes import Writes

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""

OLDEST = (3, 37, 0)
"""The SQLite that first had tables which hold to their types."""


class Store(Reads, Writes):
    """A records file; `open` opens one.

    Used by the thread that opened it. Several processes may have the same file open and write in turn:
    every `writing` block takes the file for itself before it reads anything, so that none fails midway.

    Parameters
    ----------
    path
        Of the file.
    connection
        To it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path, self.connection = path, connection

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False, patience: float = PATIENCE) -> Self:
        """Open a file and bring it up to date.

        Parameters
        ----------
        path
            Of the file.
        create
            Whether it is made, with its folder, where there is none.
        patience
            Seconds to wait for another process that writes.

        Raises
        ------
        RecordsError
            When there is none, or it cannot be used: locked, damaged, of a newer version, no records file.
        """
        if sqlite3.sqlite_version_info < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise RecordsError(f"records need SQLite {needed}; Python has {sqlite3.sqlite_version} here")
        path = Path(path)
        if create:
            _make_folder(path)
        elif not path.exists():
            raise RecordsError(f"{path}: there is none yet: a run makes it; --records says where it is")
        with explained(path):
            return cls(path, _connected(path, patience))

    def version(self) -> int:
        """Return a number that is another once another process has written to the file."""
        with explained(self.path):
            return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def share(self) -> None:
        """Keep the file so that other machines can use it, too, if its disk tells them what is locked.

        Raises
        ------
        InputError
            When the disk does not.
        RecordsError
            When others have the file open.
        """
        check_disk(self.path)
        with explained(self.path):
            prepare_for_several(self.connection, self.path)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write everything in the block, or nothing.

        Raises
        ------
        RecordsError
            When it cannot be written.
        """
        with explained(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordsError(f"{path}: its folder cannot be made: {error.strerror}") from error


def _connected(path: Path, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        if disk_kind(path.parent) == LOCAL:
            _prepare(connection)
        else:
            prepare_for_several(connection, path)
        migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    # A crash of the whole machine may cost the last moments, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    with contextlib.suppress(sqlite3.OperationalError):  # being made by another process, or not to be written
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode == "wal":
            return
        if connection.execute("PRAGMA user_version").fetchone() == (0,):
            connection.execute("PRAGMA journal_mode = WAL")
            return
    connection.execute("PRAGMA synchronous = FULL")  # without WAL less than that may cost the file
