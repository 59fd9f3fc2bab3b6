"""A job: a training that waits for a worker, is run by one, or has ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.leases import RUNNING, WAITING

DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
STATES = (RUNNING, WAITING, DONE, FAILED, CANCELLED)
"""Being run; to be run; ended by itself; ended by an error or a limit; ended on request."""

ENDED = (DONE, FAILED, CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is asked for a job when it is submitted.

    Attributes
    ----------
    priority
        The highest comes first.
    retries
        How often it is tried again when it failed, or was killed by others.
    memory_mib
        Most memory that it may take, in MiB; None for no limit.
    minutes
        Longest that it may run.
    silent_minutes
        Longest that it may run without progress.
    notice
        Name of the one to tell when it has ended; None for nobody.
    """

    priority: int = 0
    retries: int = 2
    memory_mib: float | None = None
    minutes: float | None = None
    silent_minutes: float | None = None
    notice: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job(Terms):
    """A job as the records have it.

    Attributes
    ----------
    number
        From 1, in the order in which jobs were submitted.
    program, words
        What is run, and the words of its command line that say how, without where it writes.
    place
        The folder that it works in, to which files that its words name are relative.
    folder
        Its own, where it writes.
    state, reason
        One of `STATES`, and why.
    waiting_for
        Why it did not start when a worker looked at it last; empty where nothing kept it.
    cancelling
        Whether somebody has asked for its end.
    attempts
        How often it failed, or was killed by others.
    exit_status
        Of its last process that ended; negative where a signal ended it.
    submitted_at, started_at, ended_at
        Seconds since 1970; it may have waited again after its start.
    owner
        The worker that runs it; None where none does.
    """

    number: int
    program: str
    words: tuple[str, ...]
    place: Path
    folder: Path
    state: str
    reason: str
    waiting_for: str
    cancelling: bool
    attempts: int
    exit_status: int | None
    submitted_at: float
    started_at: float | None
    ended_at: float | None
    owner: str | None


def job_name(number: int) -> str:
    """Return the name of a job's folder, and of its lock."""
    return f"{number:04}"
