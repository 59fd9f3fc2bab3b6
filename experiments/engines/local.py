"""Processes of this machine."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from experiments.cores import allowed_cores


def threads_each(processes: int) -> int:
    """Return how many threads each of some processes gets on this machine."""
    return max(1, allowed_cores() // processes)


class LocalProcess:
    """A process of this machine; its methods do what `experiments.engines.engine.Started` says."""

    def __init__(self, words: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *words], stdin=subprocess.PIPE, start_new_session=True
        )

    def poll(self) -> int | None:
        """Return the exit status."""
        status = self._process.poll()
        if status is not None and self._process.stdin is not None:
            self._process.stdin.close()
        return status

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.poll()


class LocalEngine:
    """Starts processes on this machine.

    Parameters
    ----------
    processes
        How many share its processors.
    """

    def __init__(self, processes: int) -> None:
        self.threads = threads_each(processes)

    def start(self, words: Sequence[str]) -> LocalProcess:
        """Start Python with some words."""
        return LocalProcess(words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave nothing: what is started is ended by whoever started it."""
