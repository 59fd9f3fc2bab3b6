"""What a worker says of its jobs, line by line."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from experiments.leases import RUNNING, WAITING
from experiments.queue.job import Job
from experiments.queue.jobs import Jobs

Say = Callable[[str], None]
"""Prints a line."""

ENDED = 100
"""How many of the jobs that ended last are looked at."""


def line_of(job: Job) -> str:
    """Return a line on where a job stands."""
    start = f"job {job.number}  "
    if job.state == RUNNING:
        return f"{start}{job.state}  {command_of(job)}"
    if job.state == WAITING and job.waiting_for:
        return f"{start}waits for {job.waiting_for}"
    return f"{start}{job.state}{job.reason and '  '}{job.reason}"


def command_of(job: Job) -> str:
    """Return what a job runs, as it can be pasted into a shell."""
    return f"{job.program} {shlex.join(job.words)}"


def what_for(reason: str) -> str:
    """Return what a job waits for, without the figures."""
    return reason.partition(":")[0]


class News:
    """Says what becomes of jobs, whoever runs them.

    Parameters
    ----------
    jobs
        In the records.
    say
        See `Say`.
    """

    def __init__(self, jobs: Jobs, say: Say) -> None:
        self._jobs, self._say = jobs, say
        self._version = jobs.store.version()
        self._known = {job.number: _standing(job) for job in self._look()}

    def tell(self) -> None:
        """Say what is new since the last time."""
        version = self._jobs.store.version()
        if version == self._version:
            return
        for job in self._look():
            standing = _standing(job)
            if self._known.get(job.number, (WAITING, "")) != standing:
                self._say(line_of(job))
            self._known[job.number] = standing
        self._version = version

    def _look(self) -> list[Job]:
        return sorted(self._jobs.jobs(limit=ENDED), key=lambda job: job.number)


def _standing(job: Job) -> tuple[str, str]:
    return job.state, what_for(job.waiting_for)
