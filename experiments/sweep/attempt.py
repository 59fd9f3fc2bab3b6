"""An attempt at a trial: its training is watched to its end, or ended, and what came of it is judged.

What is judged is what the trial's table says, never when somebody looked at it: so it is the same however
often a trial was interrupted.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.sweep.programs.program import TABLE_FILE
from experiments.sweep.statistics import OBJECTIVE, Row, passed, reached, read_rows, whole_rows
from experiments.sweep.sweep import Sweep
from experiments.sweep.training import Training
from experiments.sweep.trials import DONE, FAILED, LIMITED, WAITING, TrialRow
from nn.one_line import one_line
from nn.short_text import shorten
from workbench.exit_status import BAD_INPUT

POLL = 0.05
"""Seconds between two looks at a training."""

ROOM = 64 * 2**20
"""Bytes that are free where a trial is begun; a failure with less is the disk's, and no attempt."""


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt.

    Attributes
    ----------
    state, reason
        Of the trial now.
    attempts
        How often it has failed.
    statistics
        What it reached.
    """

    state: str
    reason: str = ""
    attempts: int = 0
    statistics: Mapping[str, float] = field(default_factory=dict)


class Attempt:
    """An attempt.

    Parameters
    ----------
    sweep
        Whose trial it is.
    row
        The trial.
    folder
        Of the trial.
    """

    def __init__(self, sweep: Sweep, row: TrialRow, folder: Path) -> None:
        self.sweep, self.row, self.folder = sweep, row, folder
        given = sweep.given(row.candidate)
        self._counting = sweep.program.rows(sweep.program.table.make(given))
        self._rows: list[Row] = []
        self._seen: tuple[int, int] | None = None

    def watch(self, training: Training, stopping: threading.Event) -> Outcome:
        """Wait for a training to end, or end it: at a limit, or where that is asked for."""
        while True:
            status = training.status()
            rows = self._whole(ended=status == 0)
            limit = passed(self.sweep.file.filters.limits, rows)
            if limit is not None:
                training.stop()
                return self._limited(str(limit.limit), rows[: limit.rows])
            if status is not None:
                return self._ended(status, training, rows)
            if stopping.is_set():
                training.stop()
                return Outcome(WAITING, attempts=self.row.attempts)
            time.sleep(POLL)

    def _whole(self, *, ended: bool) -> list[Row]:
        """Return the whole rows of the table, which is read where it has changed."""
        try:
            found = (self.folder / TABLE_FILE).stat()
        except FileNotFoundError:
            return []
        seen = found.st_mtime_ns, found.st_ino
        if seen != self._seen:
            self._rows, self._seen = read_rows(self.folder), seen
        return whole_rows(self._rows, self._counting, ended=ended)

    def _limited(self, reason: str, rows: Sequence[Row]) -> Outcome:
        statistics = {name: each for name, each in reached(self.sweep, rows).items() if name != OBJECTIVE}
        return Outcome(LIMITED, reason, self.row.attempts, statistics)

    def _ended(self, status: int, training: Training, rows: Sequence[Row]) -> Outcome:
        attempts = self.row.attempts
        if status == 0:
            return Outcome(DONE, "", attempts, reached(self.sweep, rows))
        if not has_room(self.folder):
            return Outcome(WAITING, attempts=attempts)
        return failure(status, training.last_words(), attempts, self.sweep.file.retries)


def failure(status: int, said: str, attempts: int, retries: int) -> Outcome:
    """Return what is made of a training that failed: it is tried again, unless often enough or bad input.

    Parameters
    ----------
    status
        Its exit status, negative where a signal ended it.
    said
        The last line that it printed.
    attempts, retries
        How often it had failed before, and how often it is tried again.
    """
    reason = f"killed by signal {-status}" if status < 0 else f"exit status {status}: {said}"
    if status == BAD_INPUT or attempts >= retries:
        return Outcome(FAILED, shorten(one_line(reason), 500), attempts + 1)
    return Outcome(WAITING, attempts=attempts + 1)


def has_room(folder: Path) -> bool:
    """Return whether the disk of a folder has room for a training to save."""
    return shutil.disk_usage(folder).free >= ROOM
