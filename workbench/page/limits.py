"""Limits on requests: bytes of a body, the time to send it, and how many at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.page.answers import header, refuse

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE

HEADERS = 64
"""Headers that a request may have."""

HEADER_BYTES = 32 * KIBIBYTE
"""Of all of them together."""


@dataclass(frozen=True)
class Limits:
    """What is allowed.

    Attributes
    ----------
    header_seconds
        How long the headers of a request may take.
    body_bytes, upload_bytes, body_seconds
        Of a body; `upload_bytes` where files are uploaded to.
    stall_seconds
        How long a connection may leave unread what it is sent; `close_seconds` once it is being closed.
    ping_seconds
        Between two pings of a websocket, and how long the answer to one may take.
    idle_seconds
        How long a connection is kept for the next request.
    connections
        Open at a time; others are turned away at once.
    requests, uploads
        Answered at a time; websockets are counted apart.
    viewers
        Pages open at a time; also websockets of each kind.
    page_burst, pages_per_second
        How many pages may be opened at once after a pause, and how many a second after that.
    abandoned_seconds, reconnect_seconds
        After how long a page is deleted that never connected, or whose browser has disconnected.
    live_bytes
        Of a message to the run; the longest are drawings, up to 512 x 512 pixels in colour.
    live_requests, live_waiting_bytes
        How many of them one viewer may have waiting, and how long all of these may be.
    socket_bytes
        Of a message on any websocket.
    """

    header_seconds: float = 10.0
    body_bytes: int = MEBIBYTE
    upload_bytes: int = 40 * MEBIBYTE
    body_seconds: float = 10.0
    stall_seconds: float = 20.0
    close_seconds: float = 5.0
    ping_seconds: float = 20.0
    idle_seconds: int = 5
    connections: int = 512
    requests: int = 64
    uploads: int = 4
    viewers: int = 64
    page_burst: int = 20
    pages_per_second: float = 2.0
    abandoned_seconds: float = 15.0
    reconnect_seconds: float = 15.0
    live_bytes: int = 2 * MEBIBYTE
    live_requests: int = 64
    live_waiting_bytes: int = 4 * MEBIBYTE
    socket_bytes: int = 2 * MEBIBYTE


class LimitedRequests:
    """ASGI middleware: refuses requests that are too many, and bodies that are too large or too slow.

    A body is read whole before anything else sees the request.

    Parameters
    ----------
    app
        What answers the others.
    limits
        What is allowed.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self._limits = limits
        self._running = {False: 0, True: 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        uploads = "/upload/" in scope["path"]
        if self._running[uploads] >= (self._limits.uploads if uploads else self._limits.requests):
            await refuse(scope, send, 429, "Too many requests at a time.", [(b"retry-after", b"1")])
            return
        self._running[uploads] += 1
        try:
            await self._answer(scope, receive, send, uploads)
        finally:
            self._running[uploads] -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send, uploads: bool) -> None:
        allowed = self._limits.upload_bytes if uploads else self._limits.body_bytes
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                body = await _read(scope, receive, allowed)
        except TimeoutError:
            await refuse(scope, send, 408, "The request came too slowly.")
        except _TooLarge:
            await refuse(scope, send, 413, "The request is too large.")
        except _Disconnected:
            pass
        else:
            await self.app(scope, _replayed(body, receive), send)


class _TooLarge(Exception):  # noqa: N818 - what is wrong with a body
    pass


class _Disconnected(Exception):  # noqa: N818
    pass


async def _read(scope: Scope, receive: Receive, allowed: int) -> bytes:
    length = header(scope, b"content-length")
    if length is not None and int(length) > allowed:
        raise _TooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        body += message.get("body", b"")
        if len(body) > allowed:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message
