"""What commands share: threads, warnings, and a bar while images are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from autoencoder.settings import Settings

SILENT_SECONDS = 1.0
"""How long reading may take before a bar appears."""

logger = logging.getLogger(__name__)


def use_threads(settings: Settings) -> None:
    """Keep to the number of threads that is set, at most as many as there are; without one it is adapted."""
    import numba  # noqa: PLC0415 - large, and not needed by commands that do not compute

    from nn.threads import threads  # noqa: PLC0415 - as is numba

    available = numba.config.NUMBA_NUM_THREADS
    if settings.threads is None:
        threads.adapt()
        return
    if settings.threads > available:
        logger.warning("threads=%d: this machine has %d, using those", settings.threads, available)
    threads.use(min(settings.threads, available))


@contextmanager
def reading(what: str = "reading images") -> Iterator[Callable[[int, int], None]]:
    """Give a function to be told how many of how many are done, which draws a bar when it takes long."""
    with tqdm(desc=what, delay=SILENT_SECONDS, leave=False, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
