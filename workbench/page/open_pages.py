"""Which pages are open on this machine: their addresses, by the process whose run they show.

An address has the token, so it is kept where only the same user can read it, and never in the records. It
lasts as long as the page.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.records.process import Process, running_system

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
LONGEST = 512
"""Characters of an address."""


@contextmanager
def noted(process: Process, url: str) -> Iterator[None]:
    """Note the address of the page of a process's run until the block ends, where that is possible."""
    path = _folder() / _name(process)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        if _is_private(path.parent):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "w") as file:
                file.write(url)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def address_of(process: Process) -> str | None:
    """Return the address of the page of a process's run; None where none is open on this machine."""
    path = _folder() / _name(process)
    if process.system != running_system() or not process.is_alive(0.0):
        return None
    try:
        if not _is_private(path.parent):
            return None
        url = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    return url if url.startswith("http://") and len(url) <= LONGEST else None


def _folder() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir(), f"ganglion-{os.getuid()}")


def _name(process: Process) -> str:
    """Return what tells a process from all others of this system, those before it included."""
    return f"{process.number}-{process.started}"


def _is_private(folder: Path) -> bool:
    """Return whether a folder is this user's own, and nobody else can use it."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
