"""What commands share: threads, warnings, and a bar while images are read."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from autoencoder.settings import Settings

SILENT_SECONDS = 1.0
"""How long reading may take before a bar appears."""

logger = logging.getLogger(__name__)


def use_threads(settings: Settings) -> None:
    """Set the number of threads, at most as many as the machine has."""
    import numba  # noqa: PLC0415 - large, and not needed by commands that do not compute

    available = numba.config.NUMBA_NUM_THREADS
    wanted = settings.threads or available
    if wanted > available:
        logger.warning("threads=%d: this machine has %d, using those", wanted, available)
    numba.set_num_threads(min(wanted, available))


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Write what the library warns of to standard error, as it is, beside any bar."""
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        with logging_redirect_tqdm():
            yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def reading(what: str = "reading images") -> Iterator[Callable[[int, int], None]]:
    """Give a function to be told how many of how many are done, which draws a bar when it takes long."""
    with tqdm(desc=what, delay=SILENT_SECONDS, leave=False, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
