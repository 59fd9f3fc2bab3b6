"""Locks of trials: held as long as a worker or the training that it started lives, and by nobody else.

The training inherits the open file, so that the lock outlives a worker that is killed. The system releases it
when both are gone: clocks, names of machines and how long a training is silent are of no account. The files
stay.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class HeldTrial:
    """The lock of a trial.

    Attributes
    ----------
    descriptor
        Of the open file, for a process that is to hold it too.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def take(cls, folder: Path, name: str) -> HeldTrial | None:
        """Take the lock of a trial; return None where another process holds it.

        Parameters
        ----------
        folder
            Of the sweep.
        name
            Of the trial.
        """
        locks = folder / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(locks / name, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                return None
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Let go of it; a training that still lives holds it on."""
        os.close(self.descriptor)
