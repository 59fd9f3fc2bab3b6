"""Uvicorn's protocols with deadlines and limits, so that idle connections cannot be held open.

Uvicorn waits without end for the rest of a request's headers and for a peer to read what it is sent; both
are limited here. What a peer does wrong is answered or cut off, and never reaches the log.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from workbench.page.limits import HEADER_BYTES, HEADERS, Limits

FRAGMENTS = 1024
"""Frames that one message of a websocket may come in."""

HEADER_LINE = 8000
"""Bytes of the longest header of a websocket's handshake."""

UNUSED_HEADERS = (b"connection", b"sec-websocket-extensions", b"sec-websocket-protocol")

STATUS_TEXTS = {400: b"Bad Request", 408: b"Request Timeout", 429: b"Too Many Requests"}


class LimitedConfig(uvicorn.Config):
    """Uvicorn's configuration with our protocols and limits.

    Parameters
    ----------
    app
        The application.
    limits
        What is allowed.
    **options
        Uvicorn's own.
    """

    def __init__(self, app: Any, limits: Limits, **options: Any) -> None:
        self.limits = limits
        super().__init__(
            app,
            http=HttpProtocol,
            ws=WebsocketProtocol,
            ws_max_size=limits.socket_bytes,
            ws_ping_interval=limits.ping_seconds,
            ws_ping_timeout=limits.ping_seconds,
            ws_per_message_deflate=False,
            h11_max_incomplete_event_size=HEADER_BYTES,
            timeout_keep_alive=limits.idle_seconds,
            **options,
        )


class Deadline:
    """Calls a function after a time, such as one that closes a connection, unless it is stopped before."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    def start(self, seconds: float, action: Callable[[], None]) -> None:
        """Start the time, unless it runs already."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def stop(self) -> None:
        """Stop the time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class HttpProtocol(H11Protocol):
    """A connection for requests, with limits on headers, on waiting, and on connections."""

    config: LimitedConfig

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._headers_due, self._reading_due = Deadline(), Deadline()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.config.limits.connections:
            self._end(429)
        else:
            self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._headers_due.stop()
        self._reading_due.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; the headers of a request must be complete in time."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._wait_for_headers()

    def on_response_complete(self) -> None:
        """Go on to the next request; one whose body was not read ends the connection."""
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.close()
        super().on_response_complete()
        if self.transport.is_closing():
            self._close_soon()
        else:
            self._wait_for_headers()

    def pause_writing(self) -> None:
        """Take note that the peer does not read; it may do so for a while."""
        super().pause_writing()
        self._reading_due.start(self.config.limits.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Take note that it reads again."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._reading_due.stop()

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not a request."""
        self._end(400)

    def _should_upgrade(self) -> bool:
        """Return whether this is a valid handshake of a websocket; others are handled as plain requests."""
        return self._get_upgrade() == b"websocket" and is_handshake(self.scope["method"], self.headers)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, without what is not used and could be wrong."""
        self._headers_due.stop()
        self._reading_due.stop()
        self.headers = [(name, value) for name, value in self.headers if name not in UNUSED_HEADERS]
        self.headers.append((b"connection", b"Upgrade"))
        super().handle_websocket_upgrade(event)

    def _wait_for_headers(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._headers_due.start(self.config.limits.header_seconds, lambda: self._end(408))
        else:
            self._headers_due.stop()

    def _end(self, status: int) -> None:
        """Say why, where that can still be said, and close."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(
                b"HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\n"
                b"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
                % (status, STATUS_TEXTS[status])
            )
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()
        self._close_soon()

    def _close_soon(self) -> None:
        """Give what is still to be sent a moment, whether the peer reads it or not."""
        self._reading_due.stop()
        self._reading_due.start(self.config.limits.close_seconds, self.transport.abort)


class WebsocketProtocol(WebSocketsSansIOProtocol):
    """A websocket that ends when its peer does not read, does not answer pings, or sends invalid data."""

    config: LimitedConfig

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._reading_due = Deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._reading_due.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; there is nothing to say before the handshake is answered."""
        if self.handshake_initiated and self.conn.state is State.CONNECTING:
            self.transport.abort()
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None:
            self.transport.close()

    def pause_writing(self) -> None:
        """Take note that the peer does not read; it may do so for a while."""
        super().pause_writing()
        self._reading_due.start(self.config.limits.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Take note that it reads again."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._reading_due.stop()

    async def send(self, message: Any) -> None:
        """Send a message of the application; one that refuses the handshake completes it."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True

    def handle_ping(self) -> None:
        """Answer a ping; a peer that sends them and does not read the answers is cut off."""
        super().handle_ping()
        if not self.writable.is_set():
            self.transport.abort()

    def handle_cont(self, event: Any) -> None:
        """Take a further piece of a message; many empty ones would take memory for nothing."""
        super().handle_cont(event)
        if len(self.frames) > FRAGMENTS:
            self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; invalid UTF-8 ends the connection."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(1007)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """End a connection after invalid data."""
        if self.conn.close_sent is None:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
            self.transport.abort()
            return
        super().handle_parser_exception()
        self._close_soon()

    def keepalive_timeout(self) -> None:
        """End a connection whose peer is gone."""
        super().keepalive_timeout()
        self._close_soon()

    def shutdown(self) -> None:
        """End it because the server does."""
        super().shutdown()
        self._close_soon()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """End it because the application is done with it."""
        super().on_task_complete(task)
        self._close_soon()

    def _close_soon(self) -> None:
        self._reading_due.stop()
        self._reading_due.start(self.config.limits.close_seconds, self.transport.abort)


def is_handshake(method: str, headers: list[tuple[bytes, bytes]]) -> bool:
    """Say whether these are the headers of a websocket's handshake (RFC 6455, section 4.2.1).

    The next parser would answer others by repeating them, or not at all.
    """
    if method != "GET" or len(headers) > HEADERS:
        return False
    if any(len(name) + len(value) > HEADER_LINE for name, value in headers):
        return False
    names = [name for name, _ in headers]
    if any(names.count(b"sec-websocket-" + name) != 1 for name in (b"key", b"version")):
        return False
    if b"content-length" in names or b"transfer-encoding" in names or names.count(b"upgrade") != 1:
        return False
    values = dict(headers)
    try:
        key = base64.b64decode(values[b"sec-websocket-key"], validate=True)
    except binascii.Error:
        return False
    return len(key) == 16 and values[b"sec-websocket-version"] == b"13"
