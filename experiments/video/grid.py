"""A grid of runs: every task, heads that read zeros or their own output, every range with its loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from experiments.video import varied
from experiments.video.data import load_data
from experiments.video.many_runs import ERROR_COLUMNS, ERROR_HEADINGS, Outcome, Say, Watch, run_all
from experiments.video.settings import Settings, blueprint_of
from networks.video.blueprint import COMBINATIONS
from workbench.tables import markdown_table, text_table

INPUTS = ("zeros", "own")


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
        own = {name: getattr(self, name) for name in varied.GRID}
        return base.model_copy(update={**own, "folder": base.run_folder / self.name})


CELLS = [
    Cell(task, read, *combination)
    for task in ("reconstruction", "prediction", "both")
    for read in INPUTS
    for combination in COMBINATIONS
]

GridOutcome: TypeAlias = Outcome[Cell]


def run_grid(base: Settings, say: Say, watch: Watch, records: str | None = None) -> list[GridOutcome] | None:
    """Train the runs of the grid on the same clips; see `run_all`."""
    load = cache(lambda steps: load_data(base, steps))
    return run_all(CELLS, base, lambda settings: load(blueprint_of(settings).steps), say, watch, records)


HEADINGS = ["task", "heads read", "range", "last", "loss", "steps"]


def rows_of(outcomes: Sequence[GridOutcome]) -> list[list[str]]:
    """Return a row of cells for every run; the lowest error of a column is followed by a star."""
    found = {column: [each.error(*column) for each in outcomes] for column in ERROR_COLUMNS}
    lowest = {
        column: min((value for value in values if value is not None), default=None)
        for column, values in found.items()
    }
    rows = []
    for place, outcome in enumerate(outcomes):
        cell = outcome.plan
        steps = "diverged" if outcome.report is None else f"{outcome.report['steps']:,}"
        errors = [_written(found[column][place], lowest[column]) for column in ERROR_COLUMNS]
        rows.append([cell.task, cell.decoder_input, cell.range, cell.last, cell.loss, steps, *errors])
    return rows


def _written(value: float | None, lowest: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}{'*' if value == lowest else ''}"


def headings() -> list[str]:
    """Return what stands above `rows_of`."""
    return [*HEADINGS, *ERROR_HEADINGS]


def as_text(outcomes: Sequence[GridOutcome]) -> str:
    """Return the table for the terminal."""
    return text_table([headings(), *rows_of(outcomes)])


def as_markdown(outcomes: Sequence[GridOutcome]) -> str:
    """Return the table for documents."""
    return markdown_table(headings(), rows_of(outcomes), range(len(HEADINGS) - 1)) + "\n"
