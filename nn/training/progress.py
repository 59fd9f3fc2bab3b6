"""A progress bar: loss, images per second and the time left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TextIO

from tqdm import tqdm

from nn.training.callbacks import Callback
from nn.training.limits import Limits
from nn.training.log import LogRow

if TYPE_CHECKING:
    from nn.training import Trainer

REFRESH = 0.1
"""Seconds between two looks at the bar."""


class Bar:
    """A bar as long as the limits of a training, with figures and the time left.

    Parameters
    ----------
    limits
        Where training ends; without any only the figures are shown.
    epochs, seconds
        Where it begins.
    file
        Where to draw; standard error by default.
    counted
        What an epoch is called.
    """

    def __init__(
        self,
        limits: Limits,
        epochs: float,
        seconds: float,
        file: TextIO | None = None,
        counted: str = "epoch",
    ) -> None:
        limited = limits != Limits()
        layout = "{percentage:3.0f}%|{bar}| {elapsed}{postfix}" if limited else "{elapsed}{postfix}"
        self._bar = tqdm(total=1.0 if limited else None, bar_format=layout, file=file)
        self._epochs_before, self._seconds_before, self._counted = epochs, seconds, counted
        self._shown_at = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether it was drawn long ago."""
        return time.monotonic() - self._shown_at >= REFRESH

    def show(
        self, limits: Limits, epochs: float, seconds: float, figures: Callable[[float], Sequence[str]]
    ) -> None:
        """Draw how far training is, and the figures at so many epochs a second."""
        self._shown_at = time.monotonic()
        rate = (epochs - self._epochs_before) / max(seconds - self._seconds_before, 1e-9)
        parts = [f"{self._counted} {epochs:.2f}", *figures(rate)]
        left = limits.seconds_left(epochs, seconds, rate)
        if left is not None:
            parts.append(f"{timedelta(seconds=math.ceil(left))} left")
        self._bar.set_postfix_str(", ".join(parts), refresh=False)
        self._bar.n = limits.share_done(epochs, seconds)
        self._bar.refresh()

    def close(self) -> None:
        """Leave it as it is and go to the next line."""
        self._bar.close()


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
        self._bar: Bar | None = None

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
        self._bar = Bar(trainer.limits, trainer.shuffle.epochs, trainer.clock.seconds, self.file)

    def on_step(self, trainer: Trainer) -> None:
        """Draw it again if it was long ago."""
        if self._bar is not None and self._bar.is_due:
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
        if self._bar is not None:
            figures = partial(self._figures, trainer)
            self._bar.show(trainer.limits, trainer.shuffle.epochs, trainer.clock.seconds, figures)

    def _figures(self, trainer: Trainer, epochs_per_second: float) -> list[str]:
        loss = trainer.log.last_loss
        return [
            *([] if loss is None else [f"loss {loss:.5f}"]),
            *(_held_out(trainer.rows[-1]) if trainer.rows else []),
            f"{epochs_per_second * len(trainer.batches):,.0f} {self.unit}/s",
        ]


def _held_out(row: LogRow) -> list[str]:
    """Say what was last measured on the held-out data."""
    loss = [] if row.held_out_loss is None else [f"held-out {row.held_out_loss:.5f}"]
    return loss + [f"{name} {value:.4f}" for name, value in row.metrics.items() if value is not None]
