"""What an engine is: it starts processes somewhere, and says how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self


class Started(Protocol):
    """A process that was started; its standard input is a pipe, closed when whoever started it ends."""

    def poll(self) -> int | None:
        """Return the exit status; None while it runs, negative where a signal, or its machine, ended it."""

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, seconds: float) -> int | None:
        """Wait so long at most, and return as `poll` does."""


class Engine(Protocol):
    """Starts Python processes.

    Attributes
    ----------
    threads
        That each of them may use.
    """

    threads: int

    def start(self, words: Sequence[str]) -> Started:
        """Start Python with some words, in this working folder."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
