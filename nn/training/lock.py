"""Locks on folders and files, so that two trainers never write to the same one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Any


class FolderLockedError(Exception):
    """Another process works in the folder, or saves to the file: the message names it and the process."""


class Lock:
    """Held while this process works on something; the system releases it when the process ends.

    The holder writes its process to a file beside what it locks. The file is removed when the lock is
    released; a file left behind by a killed process has no effect.

    Parameters
    ----------
    path
        Of that file, in a folder that exists.
    locked
        What is locked, for the message.
    doing
        What a holder does there, such as "training here".

    Raises
    ------
    FolderLockedError
        On entering, when it is locked already, by this process or another.
    OSError
        On entering, when the folder does not exist or cannot be written.
    """

    def __init__(self, path: Path, locked: Path, doing: str) -> None:
        self.path, self.locked, self.doing = path, locked, doing
        self._descriptor: int | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out whether it is held: a copy holds nothing, and must not release what this one does."""
        return {**vars(self), "_descriptor": None}

    def __enter__(self) -> Lock:
        while self._descriptor is None:
            descriptor = self._open()
            if self._is_current(descriptor):
                self._descriptor = descriptor
            else:  # its holder removed the file in between
                os.close(descriptor)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Release it; no effect where it is not held."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None

    def _open(self) -> int:
        """Return a descriptor of the file that nobody else holds locked."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            if not isinstance(error, BlockingIOError):
                raise
            raise FolderLockedError(
                f"{self.locked}: {holder} is {self.doing}; wait for it, stop it, or use another place"
            ) from None
        return descriptor

    def _is_current(self, descriptor: int) -> bool:
        """Return whether a descriptor is of the file that is at the path now."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False


class FolderLock(Lock):
    """Held while this process trains in a folder: `with FolderLock(folder): ...`; see `Lock`.

    Parameters
    ----------
    folder
        Must exist. The file is called `training.lock`.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(Path(folder) / "training.lock", Path(folder), "training here")


class FileLock(Lock):
    """Held while this process is the one that saves to a file; see `Lock`.

    Parameters
    ----------
    path
        Of the file, in a folder that exists; `.lock` is added for the lock's own.
    """

    def __init__(self, path: Path) -> None:
        path = Path(path)
        super().__init__(path.with_name(f"{path.name}.lock"), path, "saving to it")
