"""Directories of runs."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import InputError


def make_directory(path: Path) -> None:
    """Make a directory and those above it.

    Raises
    ------
    InputError
        When that fails.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot make this directory: {error.strerror}") from error
