"""What Ray runs on the machines of its cluster: one process, which ends when this does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

SAID = 4000
"""Characters that are kept of what a process says of its errors."""


class Host:
    """Runs a Python process, as an actor of Ray whose methods are called from two threads.

    The process is none of Ray's: Ray takes any exit for a crash, and would run it again; it gives all cores
    to every task, and what one sets of them stays for the next. If this actor ends, however it ends, the
    system closes the pipe that is the process's standard input.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._starting = threading.Lock()
        self._ended_by: int | None = None

    def ready(self) -> None:
        """Return as soon as there is a machine for it."""

    def run(self, words: Sequence[str], folder: Path) -> tuple[int, str]:
        """Start Python with some words in a folder, and wait for it.

        Returns
        -------
        tuple of int and str
            The exit status, negative where a signal ended it, and the end of what it said of its errors.
        """
        with self._starting:
            if self._ended_by is not None:
                return -self._ended_by, ""
            self._process = subprocess.Popen(
                [sys.executable, *words],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        assert self._process.stderr is not None
        said = ""
        for line in self._process.stderr:
            said = (said + line)[-SAID:]
        return self._process.wait(), said

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send the process a signal; one that has not started will not."""
        with self._starting:
            self._ended_by = number
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)
