"""What programs share at the terminal: warnings beside bars, threads, and a bar while entries are read."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from nn.one_line import one_line

SILENT_SECONDS = 1.0
"""How long reading may take before a bar appears."""

logger = logging.getLogger(__name__)


class BesideBars(logging.Handler):
    """Writes lines to standard error above any bar that is drawn there.

    tqdm has such a handler, but loads asyncio with it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's message."""
        tqdm.write(one_line(self.format(record)), file=sys.stderr)


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Write the warnings of the library to standard error, without breaking a bar."""
    handler = BesideBars()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def use_threads(wanted: int | None) -> None:
    """Use a number of threads, at most as many as there are; None adapts it to the load of the machine."""
    import numba  # noqa: PLC0415 - large, and not needed by commands that do not compute

    from nn.threads import threads  # noqa: PLC0415 - as is numba

    available = numba.config.NUMBA_NUM_THREADS
    if wanted is None:
        threads.adapt()
        return
    if wanted > available:
        logger.warning("threads=%d: this machine has %d, using those", wanted, available)
    threads.use(min(wanted, available))


@contextmanager
def reading(what: str = "reading images") -> Iterator[Callable[[int, int], None]]:
    """Yield a function of how many are done of how many, which draws a bar when reading takes long."""
    with tqdm(desc=what, delay=SILENT_SECONDS, leave=False, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
