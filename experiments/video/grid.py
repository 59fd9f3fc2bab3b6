"""A grid of runs: every task, heads that read zeros or their own output, every range with its loss."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from experiments.table import text_table
from experiments.video.data import VideoData, load_data
from experiments.video.evaluation import write_evaluation
from experiments.video.folder import RunFolder
from experiments.video.run import CHANGEABLE, Run
from experiments.video.scores import ERRORS, NETWORK
from experiments.video.settings import TABLE, Settings, blueprint_of
from networks.video.blueprint import COMBINATIONS, TASKS
from nn import Callback, SnapshotError, TrainingDiverged
from nn.training.interrupts import INTERRUPTED
from nn.training.lock import FolderLock
from workbench.errors import InputError
from workbench.files import make_directory, write_text
from workbench.settings.stored import settings_of

INPUTS = ("zeros", "own")
VARIED = ("task", "decoder_input", "range", "last", "loss")
"""Settings that the runs differ in."""

FREE = CHANGEABLE - {"steps", "minutes", "data", "test_data", "test_clips"}
"""Settings that may change between two calls."""


@dataclass(frozen=True)
class Cell:
    """A run of the grid."""

    task: str
    decoder_input: str
    range: str
    last: str
    loss: str

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.task}-{self.decoder_input}_{self.range}-{self.last}-{self.loss}"

    @property
    def combination(self) -> str:
        """Range, last activation and loss."""
        return f"{self.range} {self.last} {self.loss}"

    def settings(self, base: Settings) -> Settings:
        """Return the settings of the run, given those of all."""
        varied = {name: getattr(self, name) for name in VARIED}
        return base.model_copy(update={**varied, "folder": base.run_folder / self.name})


CELLS = [
    Cell(task, read, *combination)
    for task in ("reconstruction", "prediction", "both")
    for read in INPUTS
    for combination in COMBINATIONS
]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes
    ----------
    cell
        Which.
    report
        Its evaluation; None where it diverged.
    curve
        Rows of its table; numbers by column.
    """

    cell: Cell
    report: Mapping[str, Any] | None
    curve: Sequence[Mapping[str, float]]

    def error(self, head: str, error: str) -> float | None:
        """Return an error per frame on the clips to test on; None where there is no such head, or no run."""
        if self.report is None or head not in self.report["errors"]:
            return None
        value: float = self.report["errors"][head][NETWORK][f"{error}_per_frame"]
        return value


def run_grid(
    base: Settings, say: Say, callbacks: Callable[[Run], Sequence[Callback]]
) -> list[Outcome] | None:
    """Train what is not trained yet, and return all outcomes; None where Ctrl-C ended it.

    A run that was interrupted goes on, and one that is evaluated already is not made again.

    Parameters
    ----------
    base
        Settings of all runs; its folder has a folder for each.
    say
        Prints a line.
    callbacks
        Returns what watches a run.

    Raises
    ------
    InputError
        When the folder holds runs with other settings.
    """
    data = cache(lambda steps: load_data(base, steps))
    for number, cell in enumerate(CELLS, 1):
        settings = cell.settings(base)
        folder = RunFolder(settings.run_folder)
        _check_same(folder, settings)
        if folder.report.exists() or _diverged(folder).exists():
            continue
        say(f"run {number} of {len(CELLS)}: {cell.name}")
        make_directory(folder.path)
        with FolderLock(folder.path):
            if not _train(folder, settings, data(blueprint_of(settings).steps), callbacks):
                return None
    return [_outcome(cell, base) for cell in CELLS]


def _train(
    folder: RunFolder, settings: Settings, data: VideoData, callbacks: Callable[[Run], Sequence[Callback]]
) -> bool:
    """Train and evaluate a run, or note that it diverged; return False where Ctrl-C ended it."""
    run = Run(settings, data)
    if folder.holds_run():
        folder.remove_unfinished()
        run.trainer.restore(folder.load())
    run.write_description()
    try:
        outcome = run.train(callbacks(run))
    except TrainingDiverged as error:
        write_text(_diverged(folder), f"{error}\n")
        return True
    if outcome.reason == INTERRUPTED:
        return False
    write_evaluation(folder, run.network, data, folder.load(), data.about)
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


def _outcome(cell: Cell, base: Settings) -> Outcome:
    folder = RunFolder(cell.settings(base).run_folder)
    report = json.loads(folder.report.read_text()) if folder.report.exists() else None
    curve: list[dict[str, float]] = []
    if folder.table.exists():
        with folder.table.open() as file:
            curve = [
                {name: float(text) for name, text in row.items() if text} for row in csv.DictReader(file)
            ]
    return Outcome(cell, report, curve)


COLUMNS = [(head, error) for head in TASKS["both"] for error in ERRORS]
HEADINGS = ["task", "heads read", "range", "last", "loss", "steps"]


def rows_of(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Return a row of cells for every run; the lowest error of a column is followed by a star."""
    found = {column: [each.error(*column) for each in outcomes] for column in COLUMNS}
    lowest = {
        column: min((value for value in values if value is not None), default=None)
        for column, values in found.items()
    }
    rows = []
    for place, outcome in enumerate(outcomes):
        cell = outcome.cell
        steps = "diverged" if outcome.report is None else f"{outcome.report['steps']:,}"
        errors = [_written(found[column][place], lowest[column]) for column in COLUMNS]
        rows.append([cell.task, cell.decoder_input, cell.range, cell.last, cell.loss, steps, *errors])
    return rows


def _written(value: float | None, lowest: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}{'*' if value == lowest else ''}"


def headings() -> list[str]:
    """Return what stands above `rows_of`."""
    units = {"mse": "MSE/frame", "nats": "nats/frame"}
    return [*HEADINGS, *(f"{head} {units[error]}" for head, error in COLUMNS)]


def as_text(outcomes: Sequence[Outcome]) -> str:
    """Return the table for the terminal."""
    return text_table(headings(), rows_of(outcomes))


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """Return the table for documents."""
    lines = [headings(), ["---"] * 5 + ["---:"] * (1 + len(COLUMNS)), *rows_of(outcomes)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
