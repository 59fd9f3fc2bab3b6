"""Requests and answers of the training process, carried by threads so that training waits for neither."""

from __future__ import annotations

import queue
import threading
from multiprocessing.connection import Connection

from workbench.run.requests import CLOSE, UNASKED, Request

UNANSWERED_LIMIT = 1000
"""Requests that may be without an answer at a time; others wait in the pipe, with who sends them."""

DELIVERY_SECONDS = 5.0
"""How long the last answers may take before the process ends without them."""

HUNG_UP = Request(UNASKED, CLOSE, {})
"""Found after the last request when there is nobody at the other end any more."""


class Mailbox:
    """The worker's end of a pipe.

    Unread answers stay with the sending thread; their number is limited, since at most UNANSWERED_LIMIT
    requests are accepted.

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
        """Return the oldest pending request; None where none comes within some seconds."""
        try:
            return self._requests.get(timeout=seconds) if seconds != 0 else self._requests.get_nowait()
        except queue.Empty:
            return None

    def hang_up(self) -> None:
        """Make HUNG_UP the next request but those that are here; may be called by a signal handler."""
        self._requests.put(HUNG_UP)

    def send(self, message: bytes, *, answers: bool = True) -> None:
        """Send a message; `answers` when it is the answer to a request, of which each has one."""
        self._messages.put((message, answers))

    def close(self) -> None:
        """Deliver what was sent, as far as anybody reads it."""
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
