"""The journal of a run: a file of JSON lines of all events, from which the run can be replayed.

Lines are only appended, each flushed to the system before training continues. A line that could not be
written completely is removed; a line truncated by a crash is ignored on reading, and removed before the next
one is appended.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.run.changes import Changed
from workbench.run.events import BeginEvent, ChangeEvent, Event, RewindEvent, parse_event
from workbench.run.lineage import Lineage, LineageError, common, extended, same_run, trace

FILE_NAME = "journal.jsonl"
PREVIOUS_NAME = "journal.previous.jsonl"

LONGEST_LINE = 1_000_000
"""Bytes; a longer line is not of a journal."""

REMEMBERED = 2000
"""Number of events that are kept for `tail`."""

logger = logging.getLogger(__name__)


class JournalError(InputError):
    """A journal that cannot be read or written: the message has its file and line, and what is wrong."""


def read_journal(path: Path) -> list[Event]:
    """Read all events; a truncated last line is left out, with a warning.

    Raises
    ------
    JournalError
        When the file cannot be read, or a line is not an event; with file and line.
    """
    try:
        with open(path, "rb") as file:
            return list(_events(path, file))
    except OSError as error:
        raise JournalError(f"{path}: cannot read the journal: {error.strerror}") from error


def read_lineage(path: Path) -> Lineage:
    """Read a journal and return its lineage.

    Raises
    ------
    JournalError
        As `read_journal`, and when an event cannot follow those before it.
    """
    events = read_journal(path)
    try:
        return trace(events)
    except LineageError as error:
        raise JournalError(f"{path}:{error.number + 1}: {error}") from None


def _events(path: Path, file: Any) -> Iterator[Event]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise JournalError(f"{path}:{number}: longer than {LONGEST_LINE} bytes, so no line of a journal")
        if not line.endswith(b"\n"):
            logger.warning("%s:%d: left out, it was not written to its end", path, number)
            return
        try:
            yield parse_event(line)
        except ValueError as error:
            raise JournalError(f"{path}:{number}: {error}") from None


class Journal:
    """The journal in a model directory.

    Parameters
    ----------
    directory
        Exists, and is locked by the caller. A journal there that cannot be used is moved aside with a
        warning: snapshots have the lineage too.
    apart_from
        Settings that do not decide what a run is, such as where its files lie.

    Attributes
    ----------
    path
        The file.
    lineage
        Of its events; None before the first.
    """

    def __init__(self, directory: Path, apart_from: Collection[str] = ()) -> None:
        self.path, self.apart_from = directory / FILE_NAME, apart_from
        self.lineage: Lineage | None = None
        self._tail: deque[Event] = deque(maxlen=REMEMBERED)
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        try:
            events = read_journal(self.path)
            self.lineage = trace(events)
        except (JournalError, LineageError) as error:
            logger.warning("%s; it is kept as %s, and a new one begins", error, PREVIOUS_NAME)
            self._move_aside()
        else:
            self._tail.extend(events)

    def tail(self, count: int) -> list[dict[str, Any]]:
        """Return the last events as JSON-able values, the oldest of them first."""
        return [event.to_json() for event in list(self._tail)[-count:]]

    def add(self, event: Event) -> None:
        """Write an event.

        Raises
        ------
        JournalError
            When it cannot be written; the file is unchanged then.
        """
        self._write([event])

    def take_up(self, begin: BeginEvent, changed: Sequence[Changed], step: int, name: str) -> None:
        """Bring the journal in line with a run that continues from a snapshot.

        For the same run a rewind and missing changes are added; for another run a new journal is started, and
        the old file is kept.

        Parameters
        ----------
        begin, changed
            The lineage of the snapshot.
        step, name
            Of the snapshot.

        Raises
        ------
        JournalError
            When it cannot be written.
        """
        if self.lineage is None or not same_run(self.lineage.begin, begin, self.apart_from):
            self.begin(begin, changed)
            return
        kept = common(self.lineage.changed, list(changed))
        missing = changed[kept:]
        events: list[Event] = [_event(each) for each in missing]
        if kept < len(self.lineage.changed) or step < self.lineage.step:
            back = min([step, *(each.step for each in missing)])
            events.insert(0, RewindEvent(step=back, name=name, kept=kept))
        self._write(events)

    def begin(self, begin: BeginEvent, changed: Sequence[Changed] = ()) -> None:
        """Start a new journal; the old one is kept as `journal.previous.jsonl`.

        Raises
        ------
        JournalError
            When it cannot be written.
        """
        events: list[Event] = [begin, *map(_event, changed)]
        unfinished = self.path.with_name(f"{self.path.name}.unfinished")
        try:
            unfinished.write_text(_lines(events), encoding="utf-8")
            if self.path.exists():
                self._move_aside()
            unfinished.replace(self.path)
        except OSError as error:
            raise JournalError(f"{self.path}: cannot begin a journal: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
        self.lineage = trace(events)
        self._tail = deque(events, maxlen=REMEMBERED)

    def _move_aside(self) -> None:
        try:
            self.path.replace(self.path.with_name(PREVIOUS_NAME))
        except OSError as error:
            raise JournalError(f"{self.path}: cannot move the journal aside: {error.strerror}") from error

    def _write(self, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            _append(self.path, _lines(events).encode())
        except OSError as error:
            raise JournalError(f"{self.path}: cannot write the journal: {error.strerror}") from error
        for event in events:
            self.lineage = extended(self.lineage, event)
            self._tail.append(event)


def _event(changed: Changed) -> ChangeEvent:
    return ChangeEvent.model_validate(changed.to_json())


def _lines(events: Sequence[Event]) -> str:
    return "".join(f"{event.to_line()}\n" for event in events)


def _append(path: Path, text: bytes) -> None:
    """Append complete lines to a file, or nothing; an unfinished line at its end is removed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        end = _end_of_lines(descriptor)
        try:
            os.ftruncate(descriptor, end)
            written = 0
            while written < len(text):  # a full disk may write a part before the error
                written += os.pwrite(descriptor, text[written:], end + written)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def _end_of_lines(descriptor: int) -> int:
    """Return the end of the last complete line."""
    end = os.fstat(descriptor).st_size
    if not end or os.pread(descriptor, 1, end - 1) == b"\n":
        return end
    while end:
        start = max(0, end - LONGEST_LINE)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
