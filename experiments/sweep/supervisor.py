"""The supervisor of a sweep: plans its trials, keeps workers at work, and can be killed at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from experiments.engines.crew import Crew
from experiments.engines.engine import Engine
from experiments.sweep.advance import advance
from experiments.sweep.statistics import OBJECTIVE
from experiments.sweep.sweep import Sweep, trial_name
from experiments.sweep.training import GRACE
from experiments.sweep.trials import RUNNING, WAITING, TrialRow, Trials
from nn.training.interrupts import stopping_on_interrupts
from nn.training.lock import Lock
from workbench.errors import OperationError
from workbench.records import RecordsError

POLL = 0.1
"""Seconds between two looks at the trials and the workers."""

Say = Callable[[str], None]


def sweep_locks(folder: Path, records: Path) -> list[Lock]:
    """Return the locks that whoever runs a sweep holds: of its trials in the records, and of its folder.

    A records file can be reached from several working folders, each with another folder of the same sweep.
    """
    doing = "running this sweep"
    beside = records.with_name(f"{records.name}.{folder.name}.lock")
    return [Lock(beside, records, doing), Lock(folder / "sweep.lock", folder, doing)]


class Supervisor:
    """Runs a sweep with workers.

    Several may run the same sweep, each with workers of its own: the records say who has taken a trial, and
    what is planned next.

    Parameters
    ----------
    sweep
        What is searched.
    trials
        Of it, in the records file.
    engine
        Starts workers.
    worker
        Words after Python's that start one.
    say
        Prints a line.
    """

    def __init__(self, sweep: Sweep, trials: Trials, engine: Engine, worker: Sequence[str], say: Say) -> None:
        self.sweep, self.trials, self.engine, self.say = sweep, trials, engine, say
        self._command = worker
        self._said: set[tuple[int, int]] = set()
        self._seen: int | None = None
        self._stopping = threading.Event()

    def run(self, workers: int) -> bool:
        """Run until all is done; return False where it was stopped before.

        Raises
        ------
        OperationError
            When a worker fails.
        """
        self._said = {_ending(row) for row in self.trials.rows()}
        crew = Crew(self.engine, self._command, workers)
        with stopping_on_interrupts(self._stopping.set):
            try:
                return self._run(crew)
            finally:
                crew.end(GRACE + 10)

    def _run(self, crew: Crew) -> bool:
        while not self._stopping.is_set():
            try:
                if not self._has_more():
                    return True
                if self.trials.is_stopping():
                    return False
            except RecordsError as error:  # locked, or the disk is full: later, perhaps
                if not error.passing:
                    raise
            self._keep_at_work(crew)
            self._stopping.wait(POLL)
        return False

    def _has_more(self) -> bool:
        """Plan what is next, where anything has changed; return whether anything is left."""
        version = self.trials.store.version()
        if version == self._seen:
            return True
        more = advance(self.sweep, self.trials)
        self._say_ended()
        self._seen = version
        return more

    def _keep_at_work(self, crew: Crew) -> None:
        try:
            crew.keep_at_work()
        except OperationError as error:
            raise OperationError(f"{self.sweep.path}: {error}: `resume` tries again") from error

    def _say_ended(self) -> None:
        rows = self.trials.rows()
        ended = sum(row.state not in (WAITING, RUNNING) for row in rows)
        for row in rows:
            if row.state not in (WAITING, RUNNING) and _ending(row) not in self._said:
                self._said.add(_ending(row))
                self.say(f"{describe_ending(row)}  ({ended} of {len(rows)})")


def _ending(row: TrialRow) -> tuple[int, int]:
    return row.number, row.rung if row.state not in (WAITING, RUNNING) else -1


def describe_ending(row: TrialRow) -> str:
    """Return a line on what came of a trial."""
    reached = row.statistics.get(row.rung, {})
    value = f"  {reached[OBJECTIVE]:.6g}" if OBJECTIVE in reached else ""
    reason = f"  {row.reason}" if row.reason else ""
    return f"{trial_name(row.number)}  {row.state}{value}{reason}"
