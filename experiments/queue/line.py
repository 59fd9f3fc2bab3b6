"""The line of jobs that wait for room: who may pass whom, and for how long.

Jobs that need less pass one that waits, or a large job would leave most of the machine idle. But not for
ever, or it would never start: when it has waited for long, nothing behind it starts while others run, so that
the room of those that end becomes its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from experiments.queue.job import Job

PASSING = 30 * 60.0
"""Seconds for which a job that waits lets others pass."""

FORGOTTEN = 60.0
"""Seconds after which a job that nobody asks for any more is taken to be gone."""

MINUTE = 60.0


@dataclass
class Waiting:
    """A job that waits: its place in the order, since when, and when it was last asked for."""

    place: tuple[int, int]
    since: float
    asked: float


class Line:
    """The line.

    Parameters
    ----------
    clock
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[int, Waiting] = {}

    def wait(self, job: Job) -> None:
        """Note that a job was asked for, and waits."""
        now = self._clock()
        since = self._waiting[job.number].since if job.number in self._waiting else now
        self._waiting[job.number] = Waiting(_place(job), since, now)

    def leave(self, job: Job) -> None:
        """Note that a job waits no longer."""
        self._waiting.pop(job.number, None)

    def first_before(self, job: Job) -> str | None:
        """Return which job one that would pass it has to wait for now, and why; None where it may pass."""
        now = self._clock()
        there = [each for each in self._waiting.items() if now - each[1].asked < FORGOTTEN]
        self._waiting = dict(there)
        for number, each in there:
            if each.place < _place(job) and now - each.since >= PASSING:
                minutes = (now - each.since) / MINUTE
                return f"job {number}, which comes first and has waited for room for {minutes:.0f} minutes"
        return None


def _place(job: Job) -> tuple[int, int]:
    return -job.priority, job.number
