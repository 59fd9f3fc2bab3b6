"""An attempt at a job: its process is watched to its end, or ended, and what came of it is judged."""

from __future__ import annotations

import threading
import time

from experiments.leases import RENEWAL, WAITING
from experiments.queue.job import CANCELLED, DONE, FAILED, Job
from experiments.queue.jobs import Jobs
from experiments.queue.watching import Watching
from experiments.sweep.attempt import POLL, Outcome, failure, has_room
from experiments.sweep.training import Training
from workbench.records import RecordsError

LOOK = 0.3
"""Seconds between two looks at whether a job is to be cancelled."""


class Attempt:
    """An attempt at a job that a worker has taken.

    Parameters
    ----------
    jobs
        The jobs in the records.
    job
        Which.
    owner
        The worker.
    training, watching
        Its process, and what says that it has to end.
    """

    def __init__(self, jobs: Jobs, job: Job, owner: str, training: Training, watching: Watching) -> None:
        self._jobs, self._job, self._owner = jobs, job, owner
        self._training, self._watching = training, watching
        self._renewed = self._looked = time.monotonic()

    def watch(self, stopping: threading.Event) -> Outcome:
        """Wait for the process to end, or end it where that is asked for."""
        while True:
            status = self._training.status()
            if status == 0 or (status is not None and not stopping.is_set()):
                return self._judge(status)
            if stopping.is_set():
                return self._end(WAITING)
            reason = self._watching.verdict()
            if reason is not None:
                return self._end(FAILED, reason)
            try:
                if self._is_lost():
                    self._training.kill()
                    return Outcome(WAITING)  # which another worker says now
                if self._is_cancelled():
                    return self._end(CANCELLED)
            except RecordsError:  # locked, or the disk is full: later
                pass
            time.sleep(POLL)

    def _is_lost(self) -> bool:
        """Renew the lease where it is time; return whether another worker has the job by now."""
        if time.monotonic() < self._renewed + RENEWAL:
            return False
        lost = not self._jobs.renew(self._owner)
        self._renewed = time.monotonic()
        return lost

    def _is_cancelled(self) -> bool:
        if time.monotonic() < self._looked + LOOK:
            return False
        self._looked = time.monotonic()
        return self._jobs.is_cancelling(self._job.number)

    def _end(self, state: str, reason: str = "") -> Outcome:
        """Let the process save and end, and kill it if it does not."""
        if self._training.stop() == 0:
            return self._judge(0)
        return Outcome(state, reason, self._job.attempts + (state == FAILED))

    def _judge(self, status: int) -> Outcome:
        if status == 0:
            return Outcome(DONE, attempts=self._job.attempts)
        if not has_room(self._job.folder):
            return Outcome(WAITING, attempts=self._job.attempts)
        return failure(status, self._training.last_words(), self._job.attempts, self._job.retries)
