"""Which version of the code something was made with."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "ganglion"
LIBRARIES = ("numpy", "numba")


def commit(folder: Path = ROOT, others: Sequence[str] = ()) -> str:
    """Return the commit that a checkout is at, and whether its files differ from it.

    Parameters
    ----------
    folder
        The checkout.
    others
        Files and folders that may differ.

    Returns
    -------
    str
        Abbreviated, with "+ changes" where files differ; "no git" outside of a checkout.
    """
    left_out = [f":(exclude){path}" for path in others]
    try:
        name = _git(folder, "rev-parse", "--short", "HEAD")
        changes = _git(folder, "status", "--porcelain", "--", ".", *left_out)
    except (OSError, subprocess.CalledProcessError):
        return "no git"
    return f"{name} + changes" if changes else name


def code_version() -> dict[str, str]:
    """Return versions by name: of this program with its commit, of Python, NumPy and Numba."""
    own = f"{_version(PACKAGE)} ({commit()})"
    libraries = {name: _version(name) for name in LIBRARIES}
    return {PACKAGE: own, "python": platform.python_version(), **libraries}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
