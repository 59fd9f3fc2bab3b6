"""A running job is watched: its memory, its time, its losses, and whether it gets anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from experiments.queue.job import Job
from experiments.queue.losses import diverged
from experiments.queue.process_memory import memory_of
from experiments.sweep.programs.program import TABLE_FILE
from nn.byte_sizes import MEBIBYTE, format_bytes

LOOK = 1.0
"""Seconds between two looks."""

LONGEST_STEP = 30.0
"""Seconds that count at most from one look to the next: where it was longer, the machine slept."""

MINUTE = 60.0


class Watching:
    """Watches a job from its start on.

    Parameters
    ----------
    job
        The job, with its limits.
    group
        Its processes, by the number of their group.
    log
        The file that it prints to.
    taken, clock
        Return how many bytes the processes of a group have, given a limit, and seconds.
    """

    def __init__(
        self,
        job: Job,
        group: int,
        log: Path,
        taken: Callable[[int, int], int] = memory_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job, self._group = job, group
        self._table, self._log = job.folder / TABLE_FILE, log
        self._taken, self._clock = taken, clock
        self._looked = clock()
        self._seconds = self._progressed = 0.0
        self._seen = self._signs()

    def verdict(self) -> str | None:
        """Return why the job has to end; None where it may go on. It may be asked at any rate."""
        now = self._clock()
        if now - self._looked < LOOK:
            return None
        self._seconds += min(now - self._looked, LONGEST_STEP)
        self._looked = now
        return next(self._reasons(), None)

    def _reasons(self) -> Iterator[str]:
        yield from self._memory()
        minutes, signs = self._job.minutes, self._signs()
        if minutes is not None and self._seconds > MINUTE * minutes:
            yield f"ran for more than {_minutes(minutes)}, its limit"
        if signs[0] != self._seen[0]:
            yield from diverged(self._table)
        if signs != self._seen:
            self._seen, self._progressed = signs, self._seconds
        yield from self._silence()

    def _memory(self) -> Iterator[str]:
        if self._job.memory_mib is not None:
            limit = int(self._job.memory_mib * MEBIBYTE)
            taken = self._taken(self._group, limit)
            if taken > limit:
                yield f"took {format_bytes(taken)} of memory, above its limit of {format_bytes(limit)}"

    def _silence(self) -> Iterator[str]:
        minutes = self._job.silent_minutes
        if minutes is not None and self._seconds - self._progressed > MINUTE * minutes:
            yield f"no progress for {_minutes(minutes)}: no new row in {TABLE_FILE}, and nothing printed"

    def _signs(self) -> tuple[object, object]:
        """Return what changes when the job gets anywhere: of its table, and of its log."""
        return _sign(self._table), _sign(self._log)


def _sign(path: Path) -> object:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _minutes(count: float) -> str:
    return f"{count:g} minute{'' if count == 1 else 's'}"
