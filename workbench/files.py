"""Directories of runs, and files that are complete or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

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


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Open a new file that replaces `path` when everything is written.

    Without `sync` a crash of the whole machine may leave it empty: for results of which there are many.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array as `.npy`."""
    with replacing(path) as file:
        np.save(file, array, allow_pickle=False)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8."""
    with replacing(path) as file:
        file.write(text.encode())
