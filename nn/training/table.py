"""Tables on disk that are either the old one or the new one, never half of it."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)


def replace_table(path: Path, text: str, what: str) -> None:
    """Write a table beside its place and rename it; log an error where that fails, and keep the old one.

    Parameters
    ----------
    path
        In a folder that exists.
    text
        The whole table.
    what
        What it is a table of, for the message.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        logger.error("%s: cannot write the table of %s (%s)", path, what, error.strerror)
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
