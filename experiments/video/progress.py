"""How far training is, on the terminal: a bar with the time left, or a line for every report."""

from __future__ import annotations

import math
import sys
from datetime import timedelta
from functools import partial

from experiments.video.reports import Reports, Row
from networks.video import Blueprint
from nn import Callback, Trainer
from nn.training.progress import Bar


class BarOrLines(Callback):
    """A bar on standard error, or lines on standard output where that is no terminal.

    Parameters
    ----------
    reports
        Of the run.
    blueprint
        Of its network.
    """

    def __init__(self, reports: Reports, blueprint: Blueprint) -> None:
        self._reports, self._names = reports, _names(blueprint)
        self._bar: Bar | None = None
        self._began = 0.0, 0.0

    def on_start(self, trainer: Trainer) -> None:
        """Begin to measure how fast it is."""
        self._began = trainer.shuffle.epochs, trainer.clock.seconds
        if sys.stderr.isatty():
            self._bar = Bar(trainer.limits, *self._began, counted="report")

    def on_step(self, trainer: Trainer) -> None:
        """Draw the bar again if it was long ago."""
        if self._bar is not None and self._bar.is_due:
            figures = partial(self._figures, trainer)
            self._bar.show(trainer.limits, trainer.shuffle.epochs, trainer.clock.seconds, figures)

    def on_epoch(self, trainer: Trainer) -> None:
        """Print a line where there is no bar."""
        if self._bar is not None:
            return
        epochs, seconds = trainer.shuffle.epochs, trainer.clock.seconds
        rate = (epochs - self._began[0]) / max(seconds - self._began[1], 1e-9)
        left = trainer.limits.seconds_left(epochs, seconds, rate)
        times = [_time(seconds), *([] if left is None else [f"{_time(left)} left"])]
        print("  ".join([*self._figures(trainer, rate), *times]), flush=True)

    def close(self) -> None:
        """Leave the bar as it is and go to the next line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _figures(self, trainer: Trainer, epochs_per_second: float) -> list[str]:
        rows = self._reports.rows
        return [
            f"step {trainer.step:,}",
            *(_errors(rows[-1], self._names) if rows else []),
            f"{epochs_per_second * len(trainer.batches):,.1f} clips/s",
        ]


def _time(seconds: float) -> str:
    return str(timedelta(seconds=math.ceil(seconds)))


def _names(blueprint: Blueprint) -> list[tuple[str, str, str]]:
    """Return head, error and unit of what is shown: the error of the loss that is trained."""
    error, unit = ("nats", "nats") if blueprint.loss == "bce" else ("mse", "MSE")
    return [(head, error, unit) for head in blueprint.heads]


def _errors(row: Row, names: list[tuple[str, str, str]]) -> list[str]:
    found = [(head, row[f"validation_{head}_{error}_per_frame"], unit) for head, error, unit in names]
    return [f"{head} {value:.1f} {unit}/frame" for head, value, unit in found if value is not None]
