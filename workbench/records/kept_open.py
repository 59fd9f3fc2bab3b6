"""A connection that a process keeps open while it records.

Whoever closes a file as the last one brings its log into it and waits for the disk, which takes longer than
all else that a short run writes. So a process that records many short runs keeps the file open.
"""

from __future__ import annotations

import atexit
import sqlite3
from pathlib import Path


class KeptOpen:
    """Holds the records file that was used last."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._connection: sqlite3.Connection | None = None

    def keep(self, path: Path) -> None:
        """Keep a file open in place of the one before."""
        path = path.absolute()
        if path == self._path:
            return
        self.close()
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA user_version").fetchone()  # opens the file
        self._path, self._connection = path, connection

    def close(self) -> None:
        """Keep none open any more."""
        if self._connection is not None:
            self._connection.close()
        self._path = self._connection = None


kept_open = KeptOpen()
atexit.register(kept_open.close)
