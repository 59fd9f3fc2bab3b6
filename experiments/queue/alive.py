"""Whether anybody works at a queue: workers share a lock, which the system releases when they are gone."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "workers.lock"
"""In the folder of all jobs."""


@contextmanager
def working(folder: Path) -> Iterator[None]:
    """Hold the lock while a worker works at the jobs of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with contextlib.suppress(OSError):  # a disk without locks: then nobody is told
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def is_worked_at(folder: Path) -> bool:
    """Return whether a worker of any machine is there."""
    try:
        descriptor = os.open(folder / FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
