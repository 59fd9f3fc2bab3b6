"""Ctrl-C and SIGTERM as requests to stop, not as exceptions in the middle of a step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from nn.interrupts import PatientHandler, uninterrupted

INTERRUPTED = "interrupted"
"""Why training ended, where a signal asked for it."""

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_on_interrupts(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM; a second one is handled as before.

    Outside the main thread, where Python allows no handlers, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _Asking(stop)
    for number in STOPPING:
        signal.signal(number, handler)
    try:
        yield
    finally:
        handler.restore()


class _Asking(PatientHandler):
    """The handler of `stopping_on_interrupts`, which asks before it does what was done before."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop, self._asked = stop, False
        self._before = {number: signal.getsignal(number) for number in STOPPING}

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self._asked:
            self._asked = True
            self._stop()
        elif uninterrupted.depth:
            uninterrupted.came.append((self, number, frame))
        else:
            self.restore()
            signal.raise_signal(number)

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
