"""How many pages may be open, and how fast more may be opened: each takes memory on the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import Client
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.page.answers import answer, refuse
from workbench.page.limits import Limits

RETRY_SECONDS = 2

BUSY = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{RETRY_SECONDS}">
<meta name="viewport" content="width=device-width"><title>Ganglion</title>
<style>:root {{ color-scheme: light dark; font: 1rem system-ui, sans-serif }}
body {{ display: grid; min-height: 90vh; place-items: center }}</style></head>
<body><p>Too many pages are open. This page reloads by itself.</p></body></html>
"""


class TokenBucket:
    """A token bucket: lets a burst through, and then so many a second.

    Parameters
    ----------
    burst
        How many at once after a pause.
    rate
        How many a second after that.
    time
        Returns seconds of a monotonic clock.
    """

    def __init__(self, burst: int, rate: float, time: Callable[[], float]) -> None:
        self._burst, self._rate, self._time = burst, rate, time
        self._tokens, self._seen = float(burst), time()

    def take(self) -> bool:
        """Return whether one more may pass now."""
        now = self._time()
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Admission:
    """ASGI middleware: refuses to build pages, and to open websockets, when there are many.

    Parameters
    ----------
    app
        The application that builds pages and opens websockets.
    limits
        How many.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self._limits = limits
        self._bucket: TokenBucket | None = None
        self._open: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on when there is room."""
        if scope["type"] == "websocket":
            await self._admit_socket(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/" and not self._has_room():
            headers = [(b"retry-after", str(RETRY_SECONDS).encode())]
            await answer(scope, send, 429, b"text/html; charset=utf-8", BUSY.encode(), headers)
        else:
            await self.app(scope, receive, send)

    async def _admit_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if self._open.get(path, 0) >= self._limits.viewers:
            await refuse(scope, send, 429, "Many pages are open.", [(b"retry-after", b"2")])
            return
        self._open[path] = self._open.get(path, 0) + 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._open[path] -= 1

    def _has_room(self) -> bool:
        if self._bucket is None:
            time = asyncio.get_running_loop().time
            self._bucket = TokenBucket(self._limits.page_burst, self._limits.pages_per_second, time)
        # By default pages that never connected are kept much longer.
        Client.prune_instances(client_age_threshold=self._limits.abandoned_seconds)
        return len(Client.instances) < self._limits.viewers and self._bucket.take()
