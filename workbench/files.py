"""Directories of runs, and files that are complete or absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nn.files import replacing
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


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array as `.npy`."""
    with replacing(path) as file:
        np.save(file, array, allow_pickle=False)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8."""
    with replacing(path) as file:
        file.write(text.encode())
