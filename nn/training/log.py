"""The training log: a row for every epoch, and a curve of the loss within them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated

from pydantic import Strict

from nn.training.mean_loss import MeanLoss, Part, Real

Whole = Annotated[int, Strict()]

CURVE_POINTS = 1000
"""Points at which the curve halves itself."""


@dataclass(frozen=True)
class LogRow:
    """Where training stood at the end of an epoch, or where it stopped within one.

    Attributes
    ----------
    epoch
        Epochs done; a fraction where training stopped within one.
    step
        Steps done.
    seconds
        Of training, over all runs together.
    training_loss
        Mean over what counts of the epoch's entries, each under the parameters of its own step; None
        where nothing counts.
    held_out_loss
        Mean over what counts of the held-out entries under the parameters of the row; None without any,
        or where nothing of them counts.
    learning_rate
        At that moment, schedule included.
    metrics
        On the held-out entries, by name; None where they do not tell.
    """

    epoch: Real
    step: Whole
    seconds: Real
    training_loss: Real | None
    held_out_loss: Real | None
    learning_rate: Real
    metrics: dict[str, Real | None] = field(default_factory=dict)


@dataclass
class LossCurve:
    """Losses of single steps, averaged over stretches that double in length whenever there are too many.

    What is kept depends on the losses alone, not on the clock, so it is the same after a resume.

    Attributes
    ----------
    steps, losses
        The last step of every stretch, and its mean loss.
    stride
        Steps to a stretch.
    """

    steps: list[Whole] = field(default_factory=list)
    losses: list[Real] = field(default_factory=list)
    stride: Whole = 1
    pending_loss: Real = 0.0
    pending_steps: Whole = 0

    def add(self, step: int, loss: float) -> None:
        """Add the loss of the next step."""
        self.pending_loss += loss
        self.pending_steps += 1
        if self.pending_steps < self.stride:
            return
        self.steps.append(step)
        self.losses.append(self.pending_loss / self.pending_steps)
        self.pending_loss, self.pending_steps = 0.0, 0
        if len(self.steps) == CURVE_POINTS:
            self._halve()

    def _halve(self) -> None:
        self.steps = self.steps[1::2]
        pairs = zip(self.losses[::2], self.losses[1::2], strict=True)
        self.losses = [(first + second) / 2 for first, second in pairs]
        self.stride *= 2


@dataclass
class TrainingLog:
    """Rows, the curve, and the sum from which the current epoch's row will be made.

    Attributes
    ----------
    rows
        One for every epoch that is over.
    curve
        Losses of single steps.
    last_loss
        Of the last step; None before the first, and where nothing of its batch counted.
    epoch
        Of the current epoch so far.
    """

    rows: list[LogRow] = field(default_factory=list)
    curve: LossCurve = field(default_factory=LossCurve)
    last_loss: Real | None = None
    epoch: MeanLoss = field(default_factory=MeanLoss)

    def add(self, step: int, parts: Mapping[str, Part]) -> None:
        """Take the loss of a step's batch, by output, each with how much the batch counts."""
        self.last_loss = None
        if any(part.weight for part in parts.values()):
            self.last_loss = sum(part.loss for part in parts.values())
            self.curve.add(step, self.last_loss)
        self.epoch.add(parts)

    def close_epoch(self, row: LogRow) -> None:
        """Store the row of the finished epoch, and begin the next."""
        self.rows.append(row)
        self.epoch = MeanLoss()


def to_csv(rows: Sequence[LogRow]) -> str:
    """Return a table of rows with a line of headings; what is not known is empty.

    Metrics follow the other columns: `accuracy` is called `held_out_accuracy`.
    """
    own = [each.name for each in fields(LogRow) if each.name != "metrics"]
    metrics = list(dict.fromkeys(name for row in rows for name in row.metrics))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*own, *(f"held_out_{name}" for name in metrics)])
    for row in rows:
        table.writerow([*(getattr(row, name) for name in own), *(row.metrics.get(name) for name in metrics)])
    return text.getvalue()
