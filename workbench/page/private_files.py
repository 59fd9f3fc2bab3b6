"""Small files that only this user can read, which last no longer than the system runs."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
LONGEST = 512
"""Characters of a file."""


def private_folder() -> Path:
    """Return the folder of such files."""
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir(), f"ganglion-{os.getuid()}")


def write_private(path: Path, text: str) -> None:
    """Write a file of the folder, where that is possible without others reading it."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        if _is_private(path.parent):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "w") as file:
                file.write(text)


def read_private(path: Path) -> str | None:
    """Return what is in a file of the folder; None where it is not there, or not this user's alone."""
    try:
        if not _is_private(path.parent):
            return None
        with path.open(encoding="ascii") as file:
            text = file.read(LONGEST + 1)
    except (OSError, ValueError):
        return None
    return text if len(text) <= LONGEST else None


def _is_private(folder: Path) -> bool:
    """Return whether a folder is this user's own, and nobody else can use it."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
