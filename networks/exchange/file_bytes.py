"""The bytes of one file."""

from __future__ import annotations

import stat
from pathlib import Path

from networks.exchange.errors import ExchangeError


def file_bytes(path: Path | str, most: int | None = None, what: str = "") -> bytes:
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
    path = Path(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ExchangeError(f"{path}: not a file")
        if most is not None and found.st_size > most:
            raise ExchangeError(f"{path}: larger than {most:,} bytes, which no {what} is")
        with path.open("rb") as file:
            return file.read(found.st_size)
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be read: {error.strerror or error}") from error
