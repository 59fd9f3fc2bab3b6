"""A lock on a folder, so that two trainers never write to the same one."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from types import TracebackType


class FolderLockedError(Exception):
    """Another process works in the folder: the message names the folder and the process."""


class FolderLock:
    """Held while this process works in a folder; the system releases it when the process ends.

        with FolderLock(folder):
            ...

    Parameters
    ----------
    folder
        Must exist. The file `training.lock` in it stays behind and means nothing by itself.

    Raises
    ------
    FolderLockedError
        On entering, when the folder is locked already.
    OSError
        On entering, when the folder does not exist or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / "training.lock"
        self._descriptor: int | None = None

    def __enter__(self) -> FolderLock:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise FolderLockedError(
                f"{self.path.parent}: {holder} is training here; wait for it, stop it, or use another folder"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
