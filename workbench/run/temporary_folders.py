"""Temporary folders of watched runs: one for a run, and those that killed runs left behind are removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nn.training.lock import FolderLock, FolderLockedError

PREFIX = "ganglion-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that is removed at the end, after removing those whose runs were killed."""
    remove_abandoned(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        yield Path(name)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of runs of this user whose processes are gone.

    A run holds the lock of its folder, which the system releases with the process, and has written its
    process into the file of the lock. A folder without that file, or with an empty one, may be of a run that
    only begins: it stays.
    """
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, FolderLockedError):
            lock = FolderLock(folder)
            if folder.is_symlink() or folder.stat().st_uid != os.getuid() or not lock.path.stat().st_size:
                continue
            with lock:
                shutil.rmtree(folder)
