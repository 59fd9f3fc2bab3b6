"""Blocks that no signal interrupts, for what must happen as a whole, such as an update of parameters."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TypeAlias

DEFERRED = (int(signal.SIGINT), int(signal.SIGTERM), int(signal.SIGALRM))
"""Signals whose handlers may raise; as plain numbers, which is ten times as fast."""

Handler: TypeAlias = Callable[[int, FrameType | None], object]


class PatientHandler:
    """A signal handler that defers what would raise while `uninterrupted.depth` is not 0."""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        raise NotImplementedError


class _Uninterrupted:
    """Blocks in which no signal raises: `with uninterrupted: ...`; signals are handled at the end.

    A signal mask would not help: any thread of the process may receive a signal, and Python's handler still
    runs in the main thread. Where deferring handlers are installed, nothing has to be done. Elsewhere the
    functions behind those of `signal` do it, which cost a step of training 0.2 microseconds each, not 4.
    Outside the main thread, where no handler ever runs, nothing is done.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.came: list[tuple[Handler, int, FrameType | None]] = []
        self._handlers: dict[int, Handler] = {}

    def __enter__(self) -> None:
        if threading.get_ident() != threading.main_thread().ident:
            return
        self.depth += 1
        if self.depth > 1:
            return
        try:
            for number in DEFERRED:
                handler = _signal.getsignal(number)
                if callable(handler) and not isinstance(handler, PatientHandler):
                    self._handlers[number] = handler
                    _signal.signal(number, self._wait)
        except BaseException:  # of a handler that is not replaced yet
            self.__exit__(None, None, None)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if threading.get_ident() != threading.main_thread().ident:
            return
        self.depth -= 1
        if self.depth:
            return
        for number in reversed(self._handlers):
            _signal.signal(number, self._handlers[number])
        self._handlers.clear()
        while self.came:
            handler, number, frame = self.came.pop(0)
            handler(number, frame)

    def _wait(self, number: int, frame: FrameType | None) -> None:
        self.came.append((self._handlers[number], number, frame))


uninterrupted = _Uninterrupted()
