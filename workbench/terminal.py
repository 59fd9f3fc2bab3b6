"""What a program writes to the terminal beside its progress bars."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from nn.one_line import one_line


class BesideBars(logging.Handler):
    """Writes lines to standard error above any bar that is drawn there.

    tqdm has such a handler, but loads asyncio with it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's message."""
        tqdm.write(one_line(self.format(record)), file=sys.stderr)


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Write what the library warns of to standard error, as it is, beside any bar."""
    handler = BesideBars()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
