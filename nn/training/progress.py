"""A progress bar: loss, images per second and the time left."""

from __future__ import annotations

import math
import time
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, TextIO

from tqdm import tqdm

from nn.training.callbacks import Callback
from nn.training.limits import Limits
from nn.training.log import LogRow

if TYPE_CHECKING:
    from nn.training import Trainer

REFRESH = 0.1
"""Seconds between two looks at the bar."""


class ProgressBar(Callback):
    """Shows how far training is, on standard error by default.

    The bar is a share of the epochs or of the minutes, whichever is further; without either limit
    only the figures are shown.

    Parameters
    ----------
    file
        Where to draw.
    unit
        What entries are called.
    """

    def __init__(self, file: TextIO | None = None, unit: str = "images") -> None:
        self.file = file
        self.unit = unit
        self._bar: tqdm | None = None
        self._shown_at = 0.0
        self._started_at = 0.0
        self._epochs_before = 0.0

    def __getstate__(self) -> dict[str, Any]:
        """Leave the bar and the file out: pickled and loaded again, it draws on standard error."""
        return {**vars(self), "file": None, "_bar": None}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return one that draws to the same file."""
        other = type(self).__new__(type(self))
        memo[id(self)] = other
        other.__setstate__({**deepcopy(self.__getstate__(), memo), "file": self.file})
        return other

    def on_start(self, trainer: Trainer) -> None:
        """Draw the bar."""
        limited = trainer.limits != Limits()
        layout = "{percentage:3.0f}%|{bar}| {elapsed}{postfix}" if limited else "{elapsed}{postfix}"
        self._bar = tqdm(total=1.0 if limited else None, bar_format=layout, file=self.file, leave=True)
        self._started_at = self._shown_at = time.monotonic()
        self._epochs_before = trainer.shuffle.epochs

    def on_step(self, trainer: Trainer) -> None:
        """Draw it again if it was long ago."""
        if time.monotonic() - self._shown_at >= REFRESH:
            self._show(trainer)

    def on_end(self, trainer: Trainer) -> None:
        """Draw it for the last time."""
        self._show(trainer)

    def close(self) -> None:
        """Leave the bar as it is and go to the next line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, trainer: Trainer) -> None:
        if self._bar is None:
            return
        self._shown_at = time.monotonic()
        elapsed = max(self._shown_at - self._started_at, 1e-9)
        rate = (trainer.shuffle.epochs - self._epochs_before) / elapsed
        self._bar.set_postfix_str(self._describe(trainer, rate), refresh=False)
        self._bar.n = trainer.share_done
        self._bar.refresh()

    def _describe(self, trainer: Trainer, epochs_per_second: float) -> str:
        epochs, seconds = trainer.shuffle.epochs, trainer.clock.seconds
        parts = [f"epoch {epochs:.2f}"]
        if trainer.log.last_loss is not None:
            parts.append(f"loss {trainer.log.last_loss:.5f}")
        parts += _held_out(trainer.rows[-1]) if trainer.rows else []
        parts.append(f"{epochs_per_second * len(trainer.batches):,.0f} {self.unit}/s")
        left = trainer.limits.seconds_left(epochs, seconds, epochs_per_second)
        if left is not None:
            parts.append(f"{timedelta(seconds=math.ceil(left))} left")
        return ", ".join(parts)


def _held_out(row: LogRow) -> list[str]:
    """Say what was last measured on the held-out data."""
    loss = [] if row.held_out_loss is None else [f"held-out {row.held_out_loss:.5f}"]
    return loss + [f"{name} {value:.4f}" for name, value in row.metrics.items() if value is not None]
