"""A slot of a worker: takes one job after another, runs it, and writes what came of it.

Its worker can be killed at any moment. The lock of a job says whether its worker, or the process that it
started, still lives; if not, another slot goes on with the job from its snapshot.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from experiments.leases import WAITING
from experiments.persistence import RETRY, persist
from experiments.queue.admission import Admission
from experiments.queue.attempt import Attempt
from experiments.queue.child import FINISHED, SWEEP
from experiments.queue.job import CANCELLED, DONE, ENDED, Job, job_name
from experiments.queue.jobs import Jobs
from experiments.queue.notices import Notices
from experiments.queue.saying import Say, line_of, what_for
from experiments.queue.submission import words_to_run
from experiments.queue.telling import facts_of
from experiments.queue.watching import Watching
from experiments.sweep.attempt import Outcome, has_room
from experiments.sweep.held import HeldTrial
from experiments.sweep.programs import Programs
from experiments.sweep.training import LOG, Training, training_environment
from workbench.records import Label, Store
from workbench.records.labels import JOBS

Result = TypeVar("Result")

IDLE = 0.2
"""Seconds between two looks at the records where there is nothing to do."""


@dataclass(frozen=True)
class Setup:
    """What the slots of a worker share.

    Attributes
    ----------
    records
        The records file.
    admission, notices
        What keeps jobs from starting, and who is told of their end.
    until_empty
        Whether slots end when all jobs have ended.
    say
        Prints a line.
    programs, launcher
        Those that can be run, and the words after Python's that start one.
    """

    records: Path
    admission: Admission
    notices: Notices
    until_empty: bool
    say: Say
    programs: Programs
    launcher: Sequence[str]


class Slot:
    """A slot.

    Parameters
    ----------
    setup
        See there.
    stopping
        Is set when the worker is to stop.
    """

    def __init__(self, setup: Setup, stopping: threading.Event) -> None:
        self._setup, self._stopping = setup, stopping
        self._owner = uuid.uuid4().hex
        self._training: Training | None = None

    def run(self) -> None:
        """Work until asked to stop, or until all jobs have ended where that is wanted.

        Raises
        ------
        RecordsError
            When the records cannot be used.
        """
        with Store.open(self._setup.records) as store:
            jobs = Jobs(store)
            while not self._stopping.is_set():
                if self._work(jobs):
                    continue
                if self._setup.until_empty and self._persist(jobs.are_all_ended):
                    return
                self._stopping.wait(IDLE)

    def kill(self) -> None:
        """End what it runs at once."""
        training = self._training
        if training is not None:
            training.kill()

    def _work(self, jobs: Jobs) -> bool:
        """Take a job and run it; return False where there is none to run, or no room on the disk."""
        if not has_room(self._setup.records.parent):
            self._stopping.wait(RETRY)
            return False
        return any(self._try(jobs, number) for number in self._persist(jobs.takeable))

    def _try(self, jobs: Jobs, number: int) -> bool:
        """Run a job, unless another slot has it or it cannot start now."""
        held = HeldTrial.take(jobs.folder, job_name(number))
        if held is None:
            return False
        try:
            job = self._persist(partial(jobs.job, number))
            refusal = self._refusal(job) or self._setup.admission.refusal(job)
            if refusal is not None:
                if what_for(job.waiting_for) != what_for(refusal):
                    self._setup.say(line_of(replace(job, state=WAITING, waiting_for=refusal)))
                self._persist(partial(jobs.note_waiting, job, refusal))
                return False
            return self._admitted(jobs, job, held)
        finally:
            held.release()

    def _admitted(self, jobs: Jobs, job: Job, held: HeldTrial) -> bool:
        """Run a job that may start, unless another slot has taken it."""
        try:
            taken = self._persist(partial(jobs.take, job.number, self._owner))
            if taken is None:
                return False
            self._finish(jobs, taken, *self._run(jobs, taken, held))
            return True
        finally:
            self._setup.admission.ended(job)

    def _refusal(self, job: Job) -> str | None:
        """Return why a job cannot start now; None where it can."""
        if job.program not in (*self._setup.programs, SWEEP):
            return f"a worker that knows the program {job.program!r}"
        if not job.place.is_dir():
            return f"the folder that it works in, which is not on this machine: {job.place}"
        return None

    def _run(self, jobs: Jobs, job: Job, held: HeldTrial) -> tuple[Outcome, int | None]:
        """Run a job; return what came of it, and its exit status."""
        if (job.folder / FINISHED).exists():
            return Outcome(DONE, attempts=job.attempts), 0
        if job.cancelling:
            return Outcome(CANCELLED, attempts=job.attempts), job.exit_status
        self._setup.say(line_of(job))
        words = words_to_run(job, self._setup.programs)
        command = [*self._setup.launcher, str(job.folder), job.program, *words]
        training = Training(command, job.folder, held.descriptor, self._environment(job), job.place)
        self._training = training
        try:
            self._setup.admission.started(job, training.group)
            watching = Watching(job, training.group, job.folder / LOG)
            attempt = Attempt(jobs, job, self._owner, training, watching)
            return attempt.watch(self._stopping), training.status()
        finally:
            training.close()
            self._training = None

    def _environment(self, job: Job) -> Mapping[str, str]:
        threads = self._setup.admission.needs(job).threads
        return training_environment(self._setup.records, Label(JOBS, job.number), threads)

    def _finish(self, jobs: Jobs, job: Job, outcome: Outcome, status: int | None) -> None:
        """Write what came of a job."""
        self._persist(
            partial(
                jobs.release,
                job,
                self._owner,
                outcome.state,
                reason=outcome.reason,
                attempts=outcome.attempts,
                exit_status=status,
            )
        )
        self._setup.say(line_of(replace(job, state=outcome.state, reason=outcome.reason)))
        if outcome.state in ENDED:
            self._setup.notices.tell(facts_of(job, outcome.state, outcome.reason, status), job.notice)

    def _persist(self, operation: Callable[[], Result]) -> Result:
        return persist(operation, self._stopping)
