"""How long tests wait for an event, however slow the machine: only a fault takes this long."""

import time
from collections.abc import Callable

SECONDS = 300
MILLISECONDS = 1000 * SECONDS


def wait_until(happens: Callable[[], object]) -> None:
    """Wait until something is true."""
    given_up = time.monotonic() + SECONDS
    while not happens():
        assert time.monotonic() < given_up
        time.sleep(0.01)
