"""One file, open or as its bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from networks.exchange.errors import ExchangeError


@contextmanager
def opened_file(path: Path | str) -> Iterator[BinaryIO]:
    """Open a regular file to read.

    Raises
    ------
    ExchangeError
        When it cannot be read, or is no file.
    """
    path = Path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ExchangeError(f"{path}: not a file")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be read: {error.strerror or error}") from error


def file_bytes(path: Path | str, most: int, what: str) -> bytes:
    """Return the bytes of a regular file.

    Parameters
    ----------
    path
        Of the file.
    most
        How many bytes a file of this kind may have.
    what
        What kind that is.

    Raises
    ------
    ExchangeError
        When it cannot be read, is no file, or has more bytes.
    """
    with opened_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise ExchangeError(f"{path}: larger than {most:,} bytes, which no {what} is")
        return file.read(size)
