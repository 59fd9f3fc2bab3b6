"""The process that trains, as seen by its parent: threads send requests and receive messages."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple

from workbench.run.messages import Arrays, Header, unpack
from workbench.run.requests import Request
from workbench.run.worker import Launch, run_worker

END_SECONDS = 10.0
"""How long a process may take to end after its last message; then it is stopped."""


class Reply(NamedTuple):
    """What the process sent.

    Attributes
    ----------
    header, arrays
        See `workbench.run.messages`; the arrays cannot be written.
    message
        The same as bytes, as a browser takes them.
    """

    header: Header
    arrays: Arrays
    message: bytes


class Peer:
    """The process that trains, at the other end of a connection.

    Parameters
    ----------
    connection
        Requests go out, messages come in.
    received, ended
        Called by a thread with every message, and when there will be no more.
    """

    def __init__(
        self, connection: Connection, received: Callable[[Reply], None], ended: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._received, self._ended = received, ended
        for target in (self._read, self._write):
            threading.Thread(target=target, name=f"link{target.__name__}", daemon=True).start()

    @property
    def number(self) -> int | None:
        """Of the process in the system, where it was started here."""
        return None

    def send(self, request: Request) -> None:
        """Queue a request for sending."""
        self._requests.put(request)

    def hang_up(self) -> None:
        """Disconnect: a process that was started for the page saves and ends."""
        self._requests.put(None)
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as pipe:
            pipe.shutdown(socket.SHUT_RDWR)  # closing would leave it open while a thread reads

    def stop(self) -> None:
        """Disconnect at once."""
        self.hang_up()

    def end(self) -> None:
        """Disconnect."""
        self.hang_up()

    def _read(self) -> None:
        try:
            while True:
                message = self._connection.recv_bytes()
                self._received(Reply(*unpack(message), message))
        except (EOFError, OSError):
            pass
        finally:
            self._ended()

    def _write(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                self._connection.send(tuple(request))
            except OSError:
                return


class Process(Peer):
    """Starts the process.

    Parameters
    ----------
    launch
        Opens the run.
    received, ended
        As for `Peer`.
    """

    def __init__(self, launch: Launch, received: Callable[[Reply], None], ended: Callable[[], None]) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=run_worker, args=(theirs, launch), name="training")
        # Ctrl-C waits until the process has arranged what is to happen then.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        super().__init__(ours, received, ended)

    @property
    def number(self) -> int | None:
        """Of the process in the system."""
        return self._process.pid

    def stop(self) -> None:
        """End the process at once, or after saving where it is ready; do not wait for it."""
        self._process.terminate()

    def end(self) -> None:
        """Wait until the process has ended; stop it when it does not."""
        self._process.join(END_SECONDS)
        for stop in (self._process.terminate, self._process.kill):
            if self._process.is_alive():
                stop()
                self._process.join(END_SECONDS)
        self.hang_up()
