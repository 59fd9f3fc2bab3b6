"""The records file, read in a thread of its own for all pages that are open."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, cast

from workbench.records import RecordsError, Store
from workbench.records.errors import explained

Given = TypeVarTuple("Given")
Answer = TypeVar("Answer")

PERIOD = 1.0
"""Seconds between two looks at the file while a page is open."""

LIVENESS = 5
"""After so many looks pages are shown anew though nothing was written: a process may be gone."""

PATIENCE = 2.0
"""Seconds to wait for another process that keeps the file locked."""

logger = logging.getLogger(__name__)


class Seen(NamedTuple):
    """What the file was like at a look: another one, or another version of it, differs."""

    file: tuple[int, int] | None
    version: int
    problem: str


class Feed:
    """Reads the records, and tells pages when there is something new.

    Within two looks at the file every question is answered once, whoever asks: so pages agree.

    Parameters
    ----------
    path
        Of the records file, which need not be there yet.

    Attributes
    ----------
    problem
        What keeps the file from being read, in words; empty where nothing does.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.problem = path, ""
        self._thread = ThreadPoolExecutor(1, "records")
        self._store: Store | None = None
        self._file: tuple[int, int] | None = None
        self._answers: dict[Any, asyncio.Future[Any]] = {}
        self._listeners: dict[object, Callable[[], None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._seen: Seen | None = None

    async def ask(self, question: Callable[[Store, *Given], Answer], *given: *Given) -> Answer:
        """Return what a function makes of the records.

        Parameters
        ----------
        question
            Called in the thread, with the store.
        given
            Its further arguments, which can be keys of dictionaries.

        Raises
        ------
        InputError
            As the function does, or when the file cannot be read.
        """
        key = question, given
        if key not in self._answers:
            loop = asyncio.get_running_loop()
            work = loop.run_in_executor(self._thread, lambda: question(self._opened(), *given))
            self._answers[key] = work
        return cast(Answer, await asyncio.shield(self._answers[key]))

    async def tell(self, change: Callable[[Store, *Given], Answer], *given: *Given) -> Answer:
        """Return what a function does that changes the records, which are made where there are none yet.

        Raises
        ------
        InputError
            As the function does, or when the file cannot be written.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, lambda: change(self._opened(create=True), *given))
        finally:
            self.renew()

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener whenever there may be something new; return a function that ends this."""
        key = object()
        self._listeners[key] = listener
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_again_and_again())
        return lambda: self._listeners.pop(key, None) and None

    def renew(self) -> None:
        """Ask everything anew, because something was written."""
        self._answers.clear()
        for listener in list(self._listeners.values()):
            listener()

    async def _look_again_and_again(self) -> None:
        loop, looks = asyncio.get_running_loop(), 0
        while self._listeners:
            seen, looks = await loop.run_in_executor(self._thread, self._look), looks + 1
            if seen != self._seen or looks % LIVENESS == 0:
                self._seen, self.problem = seen, seen.problem
                self.renew()
            await asyncio.sleep(PERIOD)

    def _look(self) -> Seen:
        """Look whether the file is another, or was written to; in the thread."""
        try:
            with explained(self.path):
                (version,) = self._opened().connection.execute("PRAGMA data_version").fetchone()
            return Seen(self._file, int(version), "")
        except RecordsError as error:
            return Seen(self._file, 0, str(error))
        except Exception as error:
            logger.exception("the records cannot be looked at")
            return Seen(self._file, 0, f"{self.path}: {error}")

    def _opened(self, *, create: bool = False) -> Store:
        """Return the file, open; one that took its place is opened in its stead."""
        there = _identity(self.path)
        if self._store is not None and there != self._file:
            self._store.close()
            self._store = None
        if self._store is None:
            self._store = Store.open(self.path, create=create, patience=PATIENCE)
            self._file = _identity(self.path)
        return self._store


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from others; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
