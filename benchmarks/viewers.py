"""Viewers of a page without a browser: they watch, they stall, or they come and go."""

from __future__ import annotations

import http.client
import itertools
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from workbench.run.messages import unpack

READY = json.dumps({"ready": {"kinds": ["values"]}})
"""The message of a page that has drawn a frame."""

logging.getLogger("websockets").setLevel(logging.CRITICAL)  # connections are cut here on purpose

LOWEST = 19
"""Priority of viewers: they stand for other machines, which take nothing from training."""

PAUSE = 1.0
"""Seconds between a viewer's leaving and coming back."""


class Visitor:
    """A viewer who has signed in with the token.

    Parameters
    ----------
    address
        Of the page, with the token.
    """

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.cookie = self._enter(address)

    def _enter(self, address: str) -> str:
        """Show the token once and return the cookie that stands for it from then on."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.request("GET", f"/?{parts.query}")
        cookie = connection.getresponse().getheader("Set-Cookie")
        connection.close()
        if cookie is None:
            raise ConnectionError(f"{address}: the server gave no cookie for this token")
        return cookie.partition(";")[0]

    def get_page(self) -> int:
        """Ask for the page and return the status."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.request("GET", "/", headers={"Cookie": self.cookie})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def open_live(self) -> ClientConnection:
        """Open the websocket."""
        headers = {"Cookie": self.cookie}
        address, origin = f"ws://{self.host}/live", Origin(f"http://{self.host}")
        return connect(address, additional_headers=headers, origin=origin, max_size=None, max_queue=1)


class Asker:
    """Asks for operations, one after another, over a websocket of its own."""

    def __init__(self, visitor: Visitor) -> None:
        self._connection = visitor.open_live()
        self._numbers = itertools.count(1)

    def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the header of the reply.

        Raises
        ------
        RuntimeError
            With the server's words when it refuses.
        """
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "op": operation, "args": arguments}))
        while True:
            message = self._connection.recv(timeout=60)
            header, _ = unpack(message if isinstance(message, bytes) else message.encode())
            if header.get("id") == number:
                break
        if "error" in header:
            raise RuntimeError(header["error"])
        return header


@contextmanager
def viewers(visitor: Visitor, kind: str, count: int) -> Iterator[None]:
    """Have a number of viewers of a kind (`watching`, `stalled`, `reconnecting`) while the block runs."""
    over = threading.Event()
    behave = {"watching": _watch, "stalled": _stall, "reconnecting": _come_and_go}[kind]

    def live() -> None:
        os.setpriority(os.PRIO_PROCESS, 0, LOWEST)  # Linux: of this thread, and of those that it starts
        behave(visitor, over)

    threads = [threading.Thread(target=live, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
        time.sleep(PAUSE / count)
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _watch(visitor: Visitor, over: threading.Event) -> None:
    """Draw nothing, but ask for the next frame as soon as one is there."""
    with visitor.open_live() as connection:
        connection.send(READY)
        while not over.is_set():
            with suppress(TimeoutError):
                message = connection.recv(timeout=0.5)
                if isinstance(message, bytes) and unpack(message)[0].get("type") == "frame":
                    connection.send(READY)


def _stall(visitor: Visitor, over: threading.Event) -> None:
    """Ask for one frame after another and read none: the system's buffers fill up."""
    with suppress(ConnectionClosed, OSError), visitor.open_live() as connection:
        while not over.wait(PAUSE):
            connection.send(READY)


def _come_and_go(visitor: Visitor, over: threading.Event) -> None:
    """Load the page, open its websocket, look at one frame, and leave without closing it."""
    while not over.is_set():
        with suppress(ConnectionClosed, OSError, TimeoutError):
            visitor.get_page()
            connection = visitor.open_live()
            connection.send(READY)
            connection.recv(timeout=2)
            connection.socket.shutdown(socket.SHUT_RDWR)
        over.wait(PAUSE)
