"""The training of a trial: a process of its program, in a group of its own, that ends with its worker."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.records import Label
from workbench.records.place import VARIABLE

LOG = "log.txt"
"""What the program prints, in the trial's folder."""

GRACE = 60.0
"""Seconds in which a training that is stopped may save what it has."""

POLL = 0.02

TAIL = 4000
"""Bytes of the log that are looked at for the reason of a failure."""


class Training:
    """A running training.

    Parameters
    ----------
    command
        Its words, the program's included.
    folder
        Of the trial.
    held
        Descriptor of the trial's lock, which the training holds on.
    environment
        What is added to the environment.
    place
        The folder that it works in; that of the worker by default.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        held: int,
        environment: Mapping[str, str],
        place: Path | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / LOG
        with self._log.open("ab") as log:
            self._begin = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                cwd=place,
                pass_fds=(held,),
                start_new_session=True,
            )

    @property
    def group(self) -> int:
        """Number of the group that its processes are."""
        return self._process.pid

    def status(self) -> int | None:
        """Return the exit status; None while it runs, negative where a signal ended it."""
        return self._process.poll()

    def stop(self) -> int:
        """Ask it to save and end, kill it if it does not, and return the exit status."""
        self._signal(signal.SIGTERM)
        given_up = time.monotonic() + GRACE
        while self._process.poll() is None and time.monotonic() < given_up:
            time.sleep(POLL)
        return self.kill()

    def kill(self) -> int:
        """End it and all it has started; return the exit status."""
        self._signal(signal.SIGKILL)
        return self._process.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def last_words(self) -> str:
        """Return the last line that it printed; empty without one."""
        with self._log.open("rb") as log:
            log.seek(max(self._begin, self._log.stat().st_size - TAIL))
            lines = log.read().decode("utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def training_environment(records: Path, label: Label, threads: int) -> dict[str, str]:
    """Return what is added to the environment of a training.

    Parameters
    ----------
    records
        The file that its run is recorded in.
    label
        Of that run.
    threads
        That it may use, unless the environment says how many.
    """
    allowed = os.environ.get("NUMBA_NUM_THREADS", str(threads))
    path = records.absolute().parent.resolve() / records.name
    return {"NUMBA_NUM_THREADS": allowed, VARIABLE: str(path), **label.environment}
