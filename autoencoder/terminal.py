"""What commands share: threads, and a bar while images are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numba
from tqdm import tqdm

from autoencoder.settings import Settings

SILENT_SECONDS = 1.0
"""How long reading may take before a bar appears."""

logger = logging.getLogger(__name__)


def use_threads(settings: Settings) -> None:
    """Set the number of threads, at most as many as the machine has."""
    available = numba.config.NUMBA_NUM_THREADS
    wanted = settings.threads or available
    if wanted > available:
        logger.warning("threads=%d: this machine has %d, using those", wanted, available)
    numba.set_num_threads(min(wanted, available))


@contextmanager
def reading(what: str = "reading images") -> Iterator[Callable[[int, int], None]]:
    """Give a function to be told how many of how many are done, which draws a bar when it takes long."""
    with tqdm(desc=what, delay=SILENT_SECONDS, leave=False, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
