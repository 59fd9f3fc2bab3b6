"""The speed of a run, and the work between its steps."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from nn import Callback
from nn.training.shuffle import Shuffle

STEPS = 50
"""Steps over which speeds are averaged."""


class Shuffled(Protocol):
    """A trainer, of one network or of several."""

    @property
    def shuffle(self) -> Shuffle:
        """Has the epochs that are done."""


class Speeds(NamedTuple):
    """Of the last steps; None where there were none.

    Attributes
    ----------
    milliseconds_per_step
        The median, of the step alone.
    seconds_per_epoch, images_per_second
        Including everything between steps.
    """

    milliseconds_per_step: float | None = None
    seconds_per_epoch: float | None = None
    images_per_second: float | None = None


class StepTimer(Callback):
    """Measures steps, and calls a function after each.

    Attributes
    ----------
    call
        The function.
    """

    def __init__(self) -> None:
        self.call: Callable[[], None] = _nothing
        self._steps: deque[float] = deque(maxlen=STEPS)
        self._rates: deque[tuple[float, float]] = deque(maxlen=STEPS + 1)
        self._began = 0.0

    @property
    def name(self) -> str:
        """The name of the callback."""
        return "between steps"

    def on_start(self, trainer: Shuffled) -> None:
        """Begin to measure."""
        self._rates.clear()
        self._rates.append((time.monotonic(), trainer.shuffle.epochs))
        self._began = time.monotonic()

    def on_step(self, trainer: Shuffled) -> None:
        """Measure the step and call the function."""
        self._steps.append(time.monotonic() - self._began)
        self.call()
        self._began = time.monotonic()
        self._rates.append((self._began, trainer.shuffle.epochs))

    def speeds(self, entries: int) -> Speeds:
        """Return the speeds, for so many images of an epoch."""
        if not self._steps or len(self._rates) < 2:
            return Speeds()
        (first, before), (last, after) = self._rates[0], self._rates[-1]
        epochs_per_second = (after - before) / max(last - first, 1e-9)
        return Speeds(
            1000 * statistics.median(self._steps), 1 / epochs_per_second, entries * epochs_per_second
        )


def _nothing() -> None:
    """Do nothing between steps."""
