"""How much of the system's load a worker's own jobs are answerable for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

AVERAGED_OVER = 60.0
"""Seconds that the first of the system's loads looks back over, each weighing less than the one after it."""


class OwnLoad:
    """An average of how many threads ran, as the system makes it: it does not end when they do.

    Parameters
    ----------
    clock
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._average, self._threads, self._looked = 0.0, 0, clock()

    def change(self, threads: int) -> None:
        """Note that so many more threads run from now on, or fewer."""
        self._average, self._looked = self.now(), self._clock()
        self._threads += threads

    def now(self) -> float:
        """Return the average now, as if all threads had been at work all the time."""
        kept = math.exp((self._looked - self._clock()) / AVERAGED_OVER)
        return kept * self._average + (1 - kept) * self._threads
