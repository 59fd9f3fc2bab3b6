"""How far training is, on the terminal: a bar with the time left, or a line for every epoch."""

from __future__ import annotations

import sys

from networks.gan import GanTrainer
from networks.gan.record import GanRow
from nn.training.limits import Limits
from nn.training.progress import Bar


class BarOrLines:
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
        self._bar = Bar(limits, trainer.epochs, trainer.clock.seconds) if sys.stderr.isatty() else None

    def on_step(self, trainer: GanTrainer) -> None:
        """Draw the bar again if it was long ago."""
        if self._bar is not None and self._bar.is_due:
            parts = _parts(trainer.rows[-1]) if trainer.rows else []
            self._bar.show(self._limits, trainer.epochs, trainer.clock.seconds, lambda _: parts)

    def on_epoch(self, trainer: GanTrainer) -> None:
        """Print a line where there is no bar."""
        if self._bar is None:
            row = trainer.rows[-1]
            print(f"epoch {round(row.epoch):4}  {'  '.join(_parts(row))}", flush=True)

    def close(self) -> None:
        """Leave the bar as it is and go to the next line."""
        if self._bar is not None:
            self._bar.close()


def _parts(row: GanRow) -> list[str]:
    scores = [f"{name} {value:.5f}" for name, value in row.scores.items()]
    return [
        f"discriminator {row.discriminator_loss:.4f}",
        f"generator {row.generator_loss:.4f}",
        *scores,
    ]
