"""A records file that several machines use: it is kept without SQLite's write-ahead log.

The log (WAL) has an index in memory that all who use the file share, which machines cannot. Without it SQLite
needs nothing but locks, and that is what a network disk may have.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from workbench.errors import InputError
from workbench.records.disk import UNLOCKED, disk_kind
from workbench.records.errors import PASSING, RecordsError


def prepare_for_several(connection: sqlite3.Connection, path: Path) -> None:
    """Have a file kept without a log.

    Raises
    ------
    RecordsError
        When others have it open, with one.
    """
    try:
        # asked for before the file is read, so that nothing is read through memory that is not shared
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
            connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # lets go of the lock
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) not in PASSING:
            raise
        raise RecordsError(
            f"{path}: another program keeps it locked: try again later; where that is one on the machine "
            "that has the disk, stop it and begin it again with --shared",
            passing=True,
        ) from error


def check_disk(path: Path) -> None:
    """Refuse a folder, or a file in it, that several machines cannot share.

    Raises
    ------
    InputError
        When its disk does not tell them what is locked.
    """
    if disk_kind(path) == UNLOCKED:
        raise InputError(
            f"{path}: its disk may not tell other machines what is locked: several need one that does, such "
            "as NFS 4 or SMB; or run each on its own, and bring the results together by `sync`"
        )
