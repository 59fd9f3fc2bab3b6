"""Limits how often work for viewers is done during training, so that it takes a small share of the time."""

from __future__ import annotations

FRAME_PERIOD = 0.2
"""Seconds between two frames, at least."""

UNCHANGED_PERIOD = 0.5
"""Seconds between two answers, at most, that nothing has changed since the last frame."""

FRAME_SHARE = 0.04
"""Of the time of training that goes into frames, at most."""

UNREQUESTED = {"curve": (1.0, 0.01), "samples": (1.5, 0.03), "clips": (1.5, 0.03)}
"""Operations whose replies come with frames by themselves: seconds between two of them, at least, and the
share of the time of training that goes into them, at most."""

REQUEST_SECONDS = 0.01
"""How long requests may hold up training between two steps; the others wait for later steps."""

REQUEST_SHARE = 0.1
"""Of the time of training that goes into requests that only look, at most, however many come."""


class Throttle:
    """Computes when something may be done again.

    Its cost is taken as the smaller of the last two durations: one may have included compilation, or been
    interrupted by another process.

    Parameters
    ----------
    share
        Of the time, at most.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._began = float("-inf")
        self._costs = (0.0, 0.0)

    def due(self, period: float, *, freely: bool = False) -> float:
        """Return the earliest time for the next one.

        Parameters
        ----------
        period
            Seconds between two, at least.
        freely
            Whether training is idle, so that the share does not matter.
        """
        return self._began + (period if freely else max(period, min(self._costs) / self._share))

    def made(self, began: float, ended: float) -> None:
        """Record one: when it was begun and when it was done, in seconds of one clock."""
        self._began = began
        self._costs = (self._costs[1], ended - began)
