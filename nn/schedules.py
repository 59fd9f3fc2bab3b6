"""Schedules: by what factor the learning rate is multiplied as training goes on.

A schedule is a function of progress, the share of training that is done. So it fits runs that are
limited by epochs and runs that are limited by time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """Anything that turns progress into a factor."""

    def __call__(self, progress: float) -> float:
        """Return the factor at `progress`, in [0, 1]."""


@dataclass(frozen=True)
class Constant:
    """The learning rate as it is."""

    def __call__(self, progress: float) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 down to `final` (Loshchilov and Hutter 2017, equation 5, without restarts).

    Attributes
    ----------
    warmup
        Share of training over which the factor first rises in a straight line from 0 to 1 (Goyal et
        al. 2017, section 2.2).
    final
        Factor at the end.

    Raises
    ------
    ValueError
        When the warm-up is outside [0, 1) or the final factor outside [0, 1].
    """

    warmup: float = 0.0
    final: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warm-up {self.warmup}: must be at least 0 and less than 1")
        if not 0 <= self.final <= 1:
            raise ValueError(f"final factor {self.final}: must be in [0, 1]")

    def __call__(self, progress: float) -> float:
        """Return the factor at `progress`."""
        if progress < self.warmup:
            return progress / self.warmup
        done = (progress - self.warmup) / (1 - self.warmup)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2
