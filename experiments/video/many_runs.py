"""Several runs that are trained one after the other, each in a folder of its own, and go on after a stop."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from experiments.recorded_run import recorded
from experiments.video.data import VideoData
from experiments.video.evaluation import write_evaluation
from experiments.video.folder import RunFolder
from experiments.video.recorded import RecordedReports, record_evaluation, record_results
from experiments.video.run import CHANGEABLE, Run
from experiments.video.scores import ERRORS, NETWORK
from experiments.video.settings import TABLE, Settings
from networks.video.blueprint import TASKS
from nn import Callback, SnapshotError, TrainingDiverged
from nn.training.interrupts import INTERRUPTED
from nn.training.lock import FolderLock
from workbench.errors import InputError
from workbench.files import make_directory, write_text
from workbench.records.training import ending
from workbench.settings.stored import settings_of

FREE = CHANGEABLE - {"steps", "minutes", "data", "test_data", "test_clips"}
"""Settings that may change between two calls."""


ERROR_COLUMNS = [(head, error) for head in TASKS["both"] for error in ERRORS]
"""Errors of a table of runs, by head and name."""

UNITS = {"mse": "MSE/frame", "nats": "nats/frame"}
ERROR_HEADINGS = [f"{head} {UNITS[error]}" for head, error in ERROR_COLUMNS]


class Planned(Protocol):
    """A run to be made."""

    @property
    def name(self) -> str:
        """Of its folder."""

    def settings(self, base: Settings) -> Settings:
        """Return its settings, given those of all."""


Plan = TypeVar("Plan", bound=Planned)
Say = Callable[[str], None]
Load = Callable[[Settings], VideoData]
Watch = Callable[[Run], Sequence[Callback]]


@dataclass(frozen=True)
class Outcome(Generic[Plan]):
    """What became of a run.

    Attributes
    ----------
    plan
        Which.
    report
        Its evaluation; None where it diverged.
    curve
        Rows of its table; numbers by column.
    """

    plan: Plan
    report: Mapping[str, Any] | None
    curve: Sequence[Mapping[str, float]]

    def column(self, name: str) -> np.ndarray:
        """Return a column of the table, float64 (rows,); what is not known is NaN."""
        return np.array([row.get(name, np.nan) for row in self.curve])

    def error(self, head: str, error: str) -> float | None:
        """Return an error per frame on the clips to test on; None where there is no such head, or no run."""
        if self.report is None or head not in self.report["errors"]:
            return None
        value: float = self.report["errors"][head][NETWORK][f"{error}_per_frame"]
        return value


def run_all(
    plans: Sequence[Plan],
    base: Settings,
    load: Load,
    say: Say,
    watch: Watch,
    records: str | None = None,
) -> list[Outcome[Plan]] | None:
    """Train what is not trained yet, and return all outcomes; None where Ctrl-C ended it.

    A run that was interrupted goes on, and one that is evaluated already is not made again.

    Parameters
    ----------
    plans
        The runs, in order.
    base
        Settings of all runs; its folder has a folder for each.
    load
        Returns the clips of a run.
    say
        Prints a line.
    watch
        Returns what watches a run.
    records
        Where the runs are recorded, as the option `--records` has it.

    Raises
    ------
    InputError
        When the folder holds runs with other settings.
    """
    for number, plan in enumerate(plans, 1):
        settings = plan.settings(base)
        folder = RunFolder(settings.run_folder)
        _check_same(folder, settings)
        if folder.report.exists() or _diverged(folder).exists():
            continue
        say(f"run {number} of {len(plans)}: {plan.name}")
        make_directory(folder.path)
        with FolderLock(folder.path):
            if not _train(folder, Run(settings, load(settings)), watch, records):
                return None
    return [_outcome(plan, base) for plan in plans]


def _train(folder: RunFolder, run: Run, watch: Watch, records: str | None) -> bool:
    """Train and evaluate a run, or note that it diverged; return False where Ctrl-C ended it."""
    resumes = folder.holds_run()
    if resumes:
        folder.remove_unfinished()
        run.trainer.restore(folder.load())
    run.write_description()
    with recorded(run, records, resumes=resumes) as recorder:
        try:
            outcome = run.train([*watch(run), RecordedReports(recorder, run.reports)])
        except TrainingDiverged as error:
            recorder.fail(error)
            write_text(_diverged(folder), f"{error}\n")
            return True
        record_results(recorder, run)
        if outcome.reason == INTERRUPTED:
            recorder.finish(*ending(outcome))
            return False
        report = write_evaluation(folder, run.network, run.data, folder.load(), run.data.about)
        record_evaluation(recorder, report)
        recorder.finish(*ending(outcome))
    return True


def _diverged(folder: RunFolder) -> Path:
    return folder.path / "diverged.txt"


def _check_same(folder: RunFolder, settings: Settings) -> None:
    if not folder.holds_run():
        return
    try:
        stored = settings_of(folder.load())
    except SnapshotError as error:
        raise InputError(f"{error}: remove {folder.path} to train it anew") from error
    for name, text in TABLE.texts(settings).items():
        if name not in FREE and name in stored and stored[name].value != text:
            raise InputError(
                f"{folder.path}: was begun with {name.replace('_', '-')}={stored[name].value}, not {text}: "
                "give the same settings as before, or another --folder"
            )


def _outcome(plan: Plan, base: Settings) -> Outcome[Plan]:
    folder = RunFolder(plan.settings(base).run_folder)
    report = json.loads(folder.report.read_text()) if folder.report.exists() else None
    curve: list[dict[str, float]] = []
    if folder.table.exists():
        with folder.table.open() as file:
            curve = [
                {name: float(text) for name, text in row.items() if text} for row in csv.DictReader(file)
            ]
    return Outcome(plan, report, curve)
