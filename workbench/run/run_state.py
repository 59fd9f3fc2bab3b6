"""Whether a run trains, has ended or can go on."""

from __future__ import annotations

from abc import ABC, abstractmethod

DONE = "done"
"""Why training ended where it came to its limits."""

PAUSED = "paused"
"""Why training ended where somebody on the page stopped it, to go on later."""


class RunState(ABC):
    """What a run does now, whatever it trains."""

    def __init__(self) -> None:
        self._training = self._diverged = self._announced = self._stepped = False
        self._message = ""

    @property
    @abstractmethod
    def _is_finished(self) -> bool:
        """Whether training has come to its end."""

    def announce(self) -> None:
        """Announce that the owner of the run calls `train` next."""
        self._announced = True

    @property
    def starting(self) -> bool:
        """Whether training is at the first step of this process, for which kernels are compiled."""
        return (self._training or self._announced) and not self._stepped

    @property
    def state(self) -> str:
        """Either idle, training, finished or diverged."""
        if self._training or self._announced:
            return "training"
        if self._diverged:
            return "diverged"
        return "finished" if self._is_finished else "idle"
