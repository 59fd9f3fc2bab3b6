"""How far training is, on the terminal: a bar with the time left, or a line for every epoch."""

from __future__ import annotations

import math
import sys
import time
from datetime import timedelta

from tqdm import tqdm

from networks.gan import GanTrainer
from networks.gan.record import GanRow
from nn.training.limits import Limits

REFRESH = 0.1
"""Seconds between two looks at the bar."""


class Bar:
    """A bar on standard error, or lines on standard output where that is no terminal.

    Parameters
    ----------
    limits
        Where training ends.
    trainer
        As it is before.
    """

    def __init__(self, limits: Limits, trainer: GanTrainer) -> None:
        self._limits = limits
        self._shown_at = time.monotonic()
        self._epochs_before, self._seconds_before = trainer.epochs, trainer.clock.seconds
        layout = "{percentage:3.0f}%|{bar}| {elapsed}{postfix}"
        self._bar = tqdm(total=1.0, bar_format=layout) if sys.stderr.isatty() else None

    def on_step(self, trainer: GanTrainer) -> None:
        """Draw the bar again if it was long ago."""
        now = time.monotonic()
        if self._bar is None or now - self._shown_at < REFRESH:
            return
        self._shown_at = now
        epochs, seconds = trainer.epochs, trainer.clock.seconds
        rate = (epochs - self._epochs_before) / max(seconds - self._seconds_before, 1e-9)
        left = self._limits.seconds_left(epochs, seconds, rate)
        parts = [f"epoch {epochs:.2f}", *_parts(trainer.rows[-1] if trainer.rows else None)]
        if left is not None:
            parts.append(f"{timedelta(seconds=math.ceil(left))} left")
        self._bar.set_postfix_str(", ".join(parts), refresh=False)
        self._bar.n = self._limits.share_done(epochs, seconds)
        self._bar.refresh()

    def on_epoch(self, trainer: GanTrainer) -> None:
        """Print a line where there is no bar."""
        if self._bar is None:
            row = trainer.rows[-1]
            print(f"epoch {round(row.epoch):4}  {'  '.join(_parts(row))}", flush=True)

    def close(self) -> None:
        """Leave the bar as it is and go to the next line."""
        if self._bar is not None:
            self._bar.close()


def _parts(row: GanRow | None) -> list[str]:
    if row is None:
        return []
    scores = [f"{name} {value:.5f}" for name, value in row.scores.items()]
    return [
        f"discriminator {row.discriminator_loss:.4f}",
        f"generator {row.generator_loss:.4f}",
        *scores,
    ]
