"""Requests and answers of the training process, received and sent by threads: training waits for neither."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Mapping
from multiprocessing.connection import Connection

from workbench.run.operations import Operation
from workbench.run.requests import CLOSE, UNASKED, Request

UNANSWERED_LIMIT = 1000
"""Requests that may be unanswered at a time; others wait in the pipe."""

DELIVERY_SECONDS = 5.0
"""How long the last answers may take before the process ends without them."""

HUNG_UP = Request(UNASKED, CLOSE, {})
"""Comes after the last command when the other end has disconnected."""


class Mailbox:
    """The training process's end of a pipe.

    Answers wait in the sending thread until they are read; there are never more than UNANSWERED_LIMIT.
    Commands are handed out before requests that only look. All methods but `hang_up` are for one thread.

    Parameters
    ----------
    connection
        Requests come in, messages go out. Closed by `close`.
    operations
        Of the run, by name: they say which are commands.
    """

    def __init__(self, connection: Connection, operations: Mapping[str, Operation]) -> None:
        self._connection = connection
        self._command_names = {CLOSE, *(name for name, each in operations.items() if each.commands)}
        self._received: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._commands: deque[Request] = deque()
        self._looks: deque[Request] = deque()
        self._messages: queue.SimpleQueue[tuple[bytes, bool] | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(UNANSWERED_LIMIT)
        self._sender = threading.Thread(target=self._send, name="sender", daemon=True)
        self._sender.start()
        threading.Thread(target=self._receive, name="receiver", daemon=True).start()

    def next(self, seconds: float = 0.0) -> Request | None:
        """Return the oldest command, else the oldest request; None if none comes within some seconds."""
        self._sort()
        if not self._commands and not self._looks and seconds > 0:
            with contextlib.suppress(queue.Empty):
                self._file(self._received.get(timeout=seconds))
        return self.next_command() or (self._looks.popleft() if self._looks else None)

    def next_command(self) -> Request | None:
        """Return the oldest pending command; None if there is none."""
        self._sort()
        return self._commands.popleft() if self._commands else None

    def _sort(self) -> None:
        """File what was received."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._file(self._received.get_nowait())

    def _file(self, request: Request) -> None:
        (self._commands if request.op in self._command_names else self._looks).append(request)

    def hang_up(self) -> None:
        """Add HUNG_UP after the pending commands; may be called by a signal handler."""
        self._received.put(HUNG_UP)  # no lock is held that the interrupted thread could hold

    def send(self, message: bytes, *, answers: bool = True) -> None:
        """Send a message; `answers` if it is the one answer to a request."""
        self._messages.put((message, answers))

    def close(self) -> None:
        """Deliver what was sent, unless nobody reads it in time."""
        self._messages.put(None)
        self._sender.join(DELIVERY_SECONDS)

    def _receive(self) -> None:
        while True:
            self._room.acquire()
            try:
                request = self._connection.recv()
            except (EOFError, OSError):
                self.hang_up()
                return
            self._received.put(Request(*request))

    def _send(self) -> None:
        while (sent := self._messages.get()) is not None:
            message, answers = sent
            try:
                self._connection.send_bytes(message)
            except OSError:
                self.hang_up()
                return
            if answers:
                self._room.release()
