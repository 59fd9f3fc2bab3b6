"""A worker: takes one trial after another, trains it, and writes what it reached.

It can be killed at any moment. What it had taken is then taken by another, which goes on from the snapshot:
the trial's lock says whether the worker, or the training that it started, still lives.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from experiments.leases import RENEWAL
from experiments.persistence import RETRY, persist
from experiments.sweep.attached import end_with_parent
from experiments.sweep.attempt import Attempt, Outcome, has_room
from experiments.sweep.halving import rungs
from experiments.sweep.held import HeldTrial
from experiments.sweep.programs.program import option
from experiments.sweep.sweep import Sweep, Trial, amount_text, trial_name
from experiments.sweep.training import Training, training_environment
from experiments.sweep.trials import TrialRow, Trials
from nn.training.interrupts import stopping_on_interrupts
from workbench.records import Label, RecordsError, Store

IDLE = 0.05
"""Seconds between two looks at the records where there is nothing to do."""


class Worker:
    """A worker.

    Parameters
    ----------
    sweep
        What is searched.
    folder
        Of the sweep.
    records
        The records file, with the sweep in it.
    launcher
        Words after Python's that start a training, before the name of the program.
    threads
        For each training; results do not depend on them.
    """

    def __init__(
        self, sweep: Sweep, folder: Path, records: Path, launcher: Sequence[str], threads: int
    ) -> None:
        self.sweep, self.folder, self.records = sweep, folder, records
        self.launcher, self.threads = launcher, threads
        self.owner = uuid.uuid4().hex
        self.stopping = threading.Event()
        self._training: Training | None = None

    def run(self) -> int:
        """Work until asked to stop; return the exit status."""
        end_with_parent(self._die)
        with stopping_on_interrupts(self.stopping.set), Store.open(self.records) as store:
            trials = Trials.find(store, self.sweep)
            while not self.stopping.is_set():
                if not self._work(trials):
                    self.stopping.wait(IDLE)
        return 0

    def _die(self) -> None:
        """End at once, as if killed."""
        if self._training is not None:
            self._training.kill()
        os._exit(1)

    def _work(self, trials: Trials) -> bool:
        """Take a trial and train it; return False where there is none, or no room on the disk."""
        if not has_room(self.folder):
            self.stopping.wait(RETRY)
            return False
        for number in persist(trials.takeable, self.stopping):
            held = HeldTrial.take(self.folder, trial_name(number))
            if held is None:
                continue
            try:
                row = persist(partial(trials.take, number, self.owner), self.stopping)
                if row is not None:
                    outcome = self._train(row, held)
                    persist(partial(_release, trials, row, self.owner, outcome), self.stopping)
                    return True
            finally:
                held.release()
        return False

    def _train(self, row: TrialRow, held: HeldTrial) -> Outcome:
        trial = self.sweep.trial(row.number, row.candidate)
        folder = self.folder / trial.name
        command = self._command(row, trial, folder)
        self._training = Training(command, folder, held.descriptor, self._environment(trial))
        with self._renewed_lease():
            try:
                return Attempt(self.sweep, row, folder).watch(self._training, self.stopping)
            finally:
                self._training.close()
                self._training = None

    def _command(self, row: TrialRow, trial: Trial, folder: Path) -> list[str]:
        """Return the words after Python's that begin a trial, or go on with it."""
        program, amount = self.sweep.program, rungs(self.sweep)[row.rung]
        if program.begun(folder):
            words = [*program.go_on(folder), *option(self.sweep.file.budget.unit, amount_text(amount))]
        else:
            words = self.sweep.train_words(trial, folder, amount)
        return [*self.launcher, self.sweep.file.program, *words]

    def _environment(self, trial: Trial) -> Mapping[str, str]:
        return training_environment(self.records, Label(self.sweep.name, trial.number), self.threads)

    @contextmanager
    def _renewed_lease(self) -> Iterator[None]:
        """Renew the lease of what is held from a thread, which nothing that a training does keeps from it."""
        ended = threading.Event()
        thread = threading.Thread(target=self._renew, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _renew(self, ended: threading.Event) -> None:
        while not ended.wait(RENEWAL):
            try:
                with Store.open(self.records) as store:
                    renewed = Trials.find(store, self.sweep).renew(self.owner)
            except RecordsError:  # locked, or the disk is full: the lease is long
                continue
            if not renewed and self._training is not None:
                self._training.kill()  # another has the trial


def _release(trials: Trials, row: TrialRow, owner: str, outcome: Outcome) -> None:
    trials.release(
        row,
        owner,
        outcome.state,
        reason=outcome.reason,
        attempts=outcome.attempts,
        statistics=outcome.statistics,
    )
