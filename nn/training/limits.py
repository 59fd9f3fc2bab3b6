"""Where training ends, how far it is, and how long it will take."""

from __future__ import annotations

import time
from typing import NamedTuple

from nn.argument_checks import check_not_negative


class Limits(NamedTuple):
    """Training ends at the first of these that is reached; None means no limit."""

    epochs: float | None = None
    minutes: float | None = None

    def check(self) -> None:
        """Refuse limits that make no sense.

        Raises
        ------
        ValueError
            When one is negative or not a finite number.
        """
        for name, limit in zip(self._fields, self, strict=True):
            if limit is not None:
                check_not_negative(name, limit)

    def share_done(self, epochs: float, seconds: float) -> float:
        """Return in [0, 1] how far training is after so many epochs and seconds: 1 is the end."""
        return max(_share(epochs, self.epochs), _share(seconds / 60, self.minutes))

    def progress(self, epochs: float, seconds: float) -> float:
        """Return in [0, 1] what a schedule follows: the epochs if they are limited, else the time.

        So the learning rate of a run with a number of epochs does not depend on the clock.
        """
        return _share(seconds / 60, self.minutes) if self.epochs is None else _share(epochs, self.epochs)

    def seconds_left(self, epochs: float, seconds: float, epochs_per_second: float) -> float | None:
        """Return how many seconds training will still take, or None where that is unknown."""
        left = []
        if self.minutes is not None:
            left.append(60 * self.minutes - seconds)
        if self.epochs is not None and epochs_per_second > 0:
            left.append((self.epochs - epochs) / epochs_per_second)
        return max(min(left), 0.0) if left else None


def _share(done: float, limit: float | None) -> float:
    if limit is None:
        return 0.0
    return min(done / limit, 1.0) if limit else 1.0


class Clock:
    """Counts the seconds between `start` and `stop`, over all such stretches together.

    Attributes
    ----------
    seconds
        So far; may be set while it stands still.
    """

    def __init__(self) -> None:
        self._before = 0.0
        self._started_at: float | None = None

    def __getstate__(self) -> dict[str, float | None]:
        """Let a copy stand still: it may be used at another time, or on another machine."""
        return {"_before": self.seconds, "_started_at": None}

    @property
    def seconds(self) -> float:
        """Seconds counted so far."""
        return self._before + (0.0 if self._started_at is None else time.monotonic() - self._started_at)

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        self._before = seconds

    def start(self) -> None:
        """Begin to count."""
        self._started_at = time.monotonic()

    def stop(self) -> None:
        """Stand still."""
        self._before, self._started_at = self.seconds, None
