"""Statistics of every layer while it learns: activations, signals, gradients, parameters and updates."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from nn.argument_checks import check_count
from nn.training.callbacks import Callback
from nn.training.layer_numbers import Learning, ParameterUpdate, norm, parameter_numbers, value_numbers
from nn.training.table import replace_table

if TYPE_CHECKING:
    from nn.training import Trainer


class StatisticsRow(NamedTuple):
    """What the layers were like in a step.

    Attributes
    ----------
    step, epoch
        After the step; the epoch may be a fraction.
    numbers
        By column, such as `encoder.0.gradient_norm`: the layer's name, which is left out where there is
        but one without a name, and one of those that `nn.training.layer_numbers` explains, or
        `gradient_norm`, penalties included and before clipping. Infinite or NaN where they are too
        large for a float.
    """

    step: int
    epoch: float
    numbers: dict[str, float]


class _Pending(NamedTuple):
    """A step whose update is not made yet: its number, and by layer the numbers so far and the parameters."""

    trainer: Trainer
    step: int
    numbers: dict[str, dict[str, float]]
    changes: dict[str, ParameterUpdate]


class Statistics(Callback):
    """Measures all layers every so many steps or epochs; keeps the rows, and writes them as a table (CSV).

    A step that is measured costs a few more passes over values, signals and parameters, and a copy of
    the parameters; all others cost nothing. Steps that a mask leaves out of sequences do not count.
    Snapshots keep the rows, so that those of a run that was resumed are complete.

    Parameters
    ----------
    path
        Where to write the table, anew after every epoch and at the end, in a folder that exists; None
        for nowhere. A table that cannot be written is logged as an error.
    interval, unit
        Every how many "steps" or "epochs" a step is measured: the last one of them.

    Attributes
    ----------
    rows
        What was measured, oldest first.

    Raises
    ------
    ValueError
        When the interval is not a whole number of at least 1, or the unit is another one; at the start
        when the rows of a snapshot are of other layers.
    """

    def __init__(
        self, path: Path | None = None, interval: int = 1, unit: Literal["epochs", "steps"] = "epochs"
    ) -> None:
        if unit not in ("epochs", "steps"):
            raise ValueError(f"statistics: unit {unit!r} must be epochs or steps")
        self.path = None if path is None else Path(path)
        self.interval, self.unit = check_count("statistics: interval", interval), unit
        self.rows: list[StatisticsRow] = []
        self._pending: _Pending | None = None

    @property
    def name(self) -> str:
        """Named after the interval."""
        return f"statistics every {self.interval} {self.unit}"

    def forget(self) -> None:
        """Forget the run that it was used in before."""
        self.rows, self._pending = [], None

    def on_start(self, trainer: Trainer) -> None:
        """Ask whether rows that a snapshot brought are of these layers."""
        self._settle()
        self._pending = None
        known = {column.rpartition(".")[0] for row in self.rows[-1:] for column in row.numbers}
        if known and known != set(trainer.network.leaves):
            raise ValueError(
                f"callback {self.name}: its rows are of layers {', '.join(sorted(known))}; the network has "
                f"{', '.join(trainer.network.leaves)}"
            )

    def wants_gradients(self, trainer: Trainer) -> bool:
        """Whether the step that begins is the last one of an interval."""
        shuffle = trainer.shuffle
        if self.unit == "steps":
            return (trainer.step + 1) % self.interval == 0
        return shuffle.is_last(trainer.batch_size) and (shuffle.epoch + 1) % self.interval == 0

    def on_gradients(self, trainer: Trainer) -> None:
        """Measure all but the update."""
        leaves, entries = trainer.network.leaves, len(trainer.shuffle.next(trainer.batch_size))
        steps = trainer.network.step_mask
        numbers = {name: value_numbers(layer, entries, steps) for name, layer in leaves.items()}
        changes = {}
        for name in leaves:
            learning = Learning.of(trainer.network.parameters, name)
            if learning is not None:
                numbers[name]["gradient_norm"] = norm(learning.gradients)
                changes[name] = ParameterUpdate.begin(learning)
        self._pending = _Pending(trainer, trainer.step + 1, numbers, changes)

    def on_step(self, trainer: Trainer) -> None:
        """Measure the update, if the step is measured; write the table after the last step of an epoch."""
        self._settle()
        if trainer.shuffle.entry == 0:
            self._write()

    def on_end(self, trainer: Trainer) -> None:
        """Write the table."""
        self._write()

    def curves(self, number: str) -> dict[str, list[tuple[float, float]]]:
        """Return pairs (step, number) of every layer that has it, by name; only finite ones."""
        found: dict[str, list[tuple[float, float]]] = {}
        for row in self.rows:
            for column, value in row.numbers.items():
                layer, _, kind = column.rpartition(".")
                if kind == number and math.isfinite(value):
                    found.setdefault(layer, []).append((float(row.step), value))
        return found

    def state(self) -> Mapping[str, Any]:
        """Return the rows as arrays, including that of a step whose other callbacks ran first."""
        self._settle()
        columns = list(self.rows[-1].numbers) if self.rows else []
        table = np.array([list(row.numbers.values()) for row in self.rows], np.float64)
        numbers = table.reshape(len(self.rows), len(columns))
        known = np.isfinite(numbers)
        return {
            "columns": columns,
            "steps": np.array([row.step for row in self.rows], np.int64),
            "epochs": np.array([row.epoch for row in self.rows], np.float64),
            "numbers": np.where(known, numbers, 0.0),
            "known": known,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        columns = [str(column) for column in state["columns"]]
        steps, epochs = np.asarray(state["steps"]), np.asarray(state["epochs"])
        known = np.asarray(state["known"])
        table = np.where(known, state["numbers"], np.nan)
        if known.shape != (len(steps), len(columns)):
            raise ValueError(f"a table of shape {table.shape} for {len(columns)} columns")
        rows = zip(steps.tolist(), epochs.tolist(), table.tolist(), strict=True)
        self.rows = [
            StatisticsRow(step, epoch, dict(zip(columns, row, strict=True))) for step, epoch, row in rows
        ]

    def _settle(self) -> None:
        """Measure the update of a step that has been made since: its row is complete then."""
        pending = self._pending
        if pending is None or pending.trainer.step < pending.step:
            return
        self._pending = None
        for name, change in pending.changes.items():
            pending.numbers[name].update(parameter_numbers(change))
        columns = {
            f"{name}.{kind}" if name else kind: value
            for name, numbers in pending.numbers.items()
            for kind, value in numbers.items()
        }
        self.rows.append(StatisticsRow(pending.step, pending.trainer.shuffle.epochs, columns))

    def _write(self) -> None:
        if self.path is not None:
            replace_table(self.path, _to_csv(self.rows), "statistics")


def _to_csv(rows: list[StatisticsRow]) -> str:
    """Return a table with a line of headings."""
    columns = list(rows[-1].numbers) if rows else []
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["step", "epoch", *columns])
    for row in rows:
        table.writerow([row.step, row.epoch, *row.numbers.values()])
    return text.getvalue()
