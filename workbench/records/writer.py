"""A thread that writes what is recorded, so that nobody who records waits for a file.

What cannot be written stays in memory and is tried again every second: a file that is locked for a while, or
a disk that is full for a while, costs nothing but a warning. Only `close` waits, and not for ever.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from workbench.records.errors import RecordsError, explained
from workbench.records.kept_open import kept_open
from workbench.records.process import HEARTBEAT_SECONDS
from workbench.records.store import Store

INTERVAL = 1.0
"""Seconds from one writing to the next."""

PATIENCE = 2.0
"""Seconds to wait for another process that writes, each time."""

CLOSE_SECONDS = 60.0
"""How long `close` waits for a file that is locked."""

Change = Callable[[Store, int], object]
"""Writes something about the run of a number; called within `Store.writing`."""

logger = logging.getLogger(__name__)


class Writer:
    """Writes changes of one run, in their order.

    Parameters
    ----------
    path
        The records file.
    begin
        Called once, in the thread; returns what begins the run, or goes on with it, and returns its number.

    Attributes
    ----------
    number
        Of the run; None until it is written.
    """

    def __init__(self, path: Path, begin: Callable[[], Callable[[Store], int]]) -> None:
        self.number: int | None = None
        self._path, self._prepare = path, begin
        self._begin: Callable[[Store], int] | None = None
        self._store: Store | None = None
        self._changes: list[Change] = []
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._closing_until: float | None = None
        self._heard_at = 0.0
        self._warned = self._given_up = False
        self._thread = threading.Thread(target=self._work, name="records", daemon=True)
        self._thread.start()

    def add(self, change: Change) -> None:
        """Have something written soon."""
        with self._lock:
            if not self._given_up:
                self._changes.append(change)

    def close(self) -> None:
        """Wait until everything is written, or cannot be."""
        self._closing_until = time.monotonic() + CLOSE_SECONDS
        self._wake.set()
        self._thread.join(CLOSE_SECONDS + PATIENCE)
        if self._changes and not self._given_up:
            logger.warning("%s: the end of the run could not be written there", self._path)

    def _work(self) -> None:
        try:
            while not self._given_up:
                ends = self._closing_until is not None
                written = self._write() if self._is_due or ends else False
                if ends and (written or time.monotonic() >= (self._closing_until or 0)):
                    break
                self._wake.wait(INTERVAL if self._closing_until is None else INTERVAL / 10)
        except Exception:
            logger.exception("records: the run goes on without a record")
            self._given_up = True
        if self._store is not None:
            self._store.close()

    @property
    def _is_due(self) -> bool:
        return bool(self._changes) or time.monotonic() - self._heard_at >= HEARTBEAT_SECONDS

    def _write(self) -> bool:
        """Write what there is; return whether it is written."""
        try:
            if self._begin is None:
                self._begin = self._prepare()
            if self._store is None:
                self._store = Store.open(self._path, create=True, patience=PATIENCE)
                with explained(self._path):
                    kept_open.keep(self._path)
                with explained(self._path):
                    kept_open.keep(self._path)
            self._write_changes(self._store, self._begin)
        except RecordsError as error:
            self._tell(error)
            return False
        return True

    def _write_changes(self, store: Store, begin: Callable[[Store], int]) -> None:
        with self._lock:
            changes = list(self._changes)
        with store.writing():
            number = begin(store) if self.number is None else self.number
            for change in changes:
                change(store, number)
            store.note_alive(number, time.time())
        self.number, self._heard_at = number, time.monotonic()
        with self._lock:
            del self._changes[: len(changes)]

    def _tell(self, error: RecordsError) -> None:
        """Warn of an error, once, and give up where trying again is of no use."""
        if not self._warned:
            goes_on = "it is tried again" if error.passing else "there will be no record of it"
            logger.warning("records: %s. The run goes on; %s", error, goes_on)
            self._warned = True
        if not error.passing:
            with self._lock:
                self._given_up = True
                self._changes.clear()
