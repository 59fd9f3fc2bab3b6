"""How often frames are made: so that looking costs a small share of the time, and no more than eyes need."""

from __future__ import annotations

FRAME_SHARE = 0.04
"""Of the time of training that goes into frames, at most."""

PERIOD = 0.2
"""Seconds between two frames, at least."""

UNCHANGED_PERIOD = 0.5
"""Seconds between two frames that show the same."""


class Pace:
    """When the next frame may be made.

    What a frame costs is the smaller of the last two: one of them may have been the first, for which code
    is compiled, or another process may have come in between.
    """

    def __init__(self) -> None:
        self._began = -PERIOD
        self._costs = (0.0, 0.0)

    def due(self, *, training: bool, changed: bool) -> float:
        """Return the moment from which on the next frame may be made.

        Parameters
        ----------
        training
            Whether a frame makes training wait.
        changed
            Whether it would show anything new.
        """
        if training:
            return self._began + max(PERIOD, min(self._costs) / FRAME_SHARE)
        return self._began + (PERIOD if changed else UNCHANGED_PERIOD)

    def made(self, began: float, ended: float) -> None:
        """Take note of a frame: when it was begun and when it was done, in seconds of one clock."""
        self._began = began
        self._costs = (self._costs[1], ended - began)
