"""Requests and answers of the training process, received and sent by threads: training waits for neither."""

from __future__ import annotations

import queue
import threading
from multiprocessing.connection import Connection

from workbench.run.requests import CLOSE, UNASKED, Request

UNANSWERED_LIMIT = 1000
"""Requests that may be unanswered at a time; others wait in the pipe."""

DELIVERY_SECONDS = 5.0
"""How long the last answers may take before the process ends without them."""

HUNG_UP = Request(UNASKED, CLOSE, {})
"""Comes after the last request when the other end has disconnected."""


class Mailbox:
    """The training process's end of a pipe.

    Answers wait in the sending thread until they are read; there are never more than UNANSWERED_LIMIT.

    Parameters
    ----------
    connection
        Requests come in, messages go out. Closed by `close`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._messages: queue.SimpleQueue[tuple[bytes, bool] | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(UNANSWERED_LIMIT)
        self._sender = threading.Thread(target=self._send, name="sender", daemon=True)
        self._sender.start()
        threading.Thread(target=self._receive, name="receiver", daemon=True).start()

    def next(self, seconds: float = 0.0) -> Request | None:
        """Return the oldest pending request; None if none comes within some seconds."""
        try:
            return self._requests.get(timeout=seconds) if seconds != 0 else self._requests.get_nowait()
        except queue.Empty:
            return None

    def hang_up(self) -> None:
        """Add HUNG_UP after the pending requests; may be called by a signal handler."""
        self._requests.put(HUNG_UP)

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
            self._requests.put(Request(*request))

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
