"""Reports: both errors of every head, on clips of training and of validation digits, as training goes on."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from experiments.video.scores import ERRORS, network_errors
from networks.video import VideoNetwork
from nn import Callback, Trainer
from nn.training.log import LogRow, Real
from nn.training.table import replace_table

Row = dict[str, float | None]
"""A report; numbers by the names of the columns."""

COUNTS = ("step", "clips")
"""Columns of whole numbers."""

ROWS = TypeAdapter(list[dict[str, Real | None]])


class Reports(Callback):
    """Measures the network at every report, and writes the table.

    Parameters
    ----------
    network
        What is measured.
    probe
        Clips of training digits or films: uint8 (n, steps, height, width, channels).
    path
        Of the table.

    Attributes
    ----------
    rows
        All reports, that of where training stopped between two of them included.
    """

    def __init__(self, network: VideoNetwork, probe: np.ndarray, path: Path) -> None:
        self._network, self._probe, self._path = network, probe, path
        self._whole: list[Row] = []
        self._last: Row | None = None

    @property
    def rows(self) -> list[Row]:
        """All reports."""
        return [*self._whole, self._last] if self._last else list(self._whole)

    def forget(self) -> None:
        """Forget the run that it was used in before."""
        self._whole, self._last = [], None

    def on_start(self, trainer: Trainer) -> None:
        """What was measured where training stopped is no report of the whole."""
        self._last = None

    def on_epoch(self, trainer: Trainer) -> None:
        """Measure, and write."""
        self._whole.append(self._measured(trainer))
        self._write()

    def on_end(self, trainer: Trainer) -> None:
        """Measure where training stopped between two reports."""
        if trainer.rows and (not self._whole or self._whole[-1]["step"] != trainer.step):
            self._last = self._measured(trainer)
        self._write()

    def state(self) -> Mapping[str, Any]:
        """Return the reports."""
        return {"rows": self._whole}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        try:
            self._whole = ROWS.validate_python(state["rows"])
        except ValidationError as error:
            raise ValueError(f"reports: {error.errors()[0]['msg']}") from error

    def _measured(self, trainer: Trainer) -> Row:
        row = trainer.rows[-1]
        report: Row = {
            "step": float(row.step),
            "clips": float(row.step * trainer.batch_size),
            "seconds": row.seconds,
            "learning_rate": row.learning_rate,
            "training_loss": row.training_loss,
            "validation_loss": row.held_out_loss,
        }
        for head, errors in network_errors(self._network, self._probe).items():
            for error in ERRORS:
                mean = float(errors[error].mean())
                report[f"training_{head}_{error}_per_frame"] = mean if np.isfinite(mean) else None
                report[f"validation_{head}_{error}_per_frame"] = _metric(row, head, error)
        return report

    def _write(self) -> None:
        if self.rows:
            replace_table(self._path, to_csv(self.rows), "losses")


def _metric(row: LogRow, head: str, error: str) -> float | None:
    """Return a metric of a row, which is not called after its head where there is one alone."""
    name = f"{error}_per_frame"
    return row.metrics.get(f"{head}_{name}", row.metrics.get(name))


def _cell(name: str, value: float | None) -> float | int | None:
    return int(value) if name in COUNTS and value is not None else value


def to_csv(rows: Sequence[Row]) -> str:
    """Return a table of reports with a line of headings."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    names = list(rows[0])
    table.writerow(names)
    table.writerows([_cell(name, row[name]) for name in names] for row in rows)
    return text.getvalue()
