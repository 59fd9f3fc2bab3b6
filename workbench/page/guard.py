"""Access control: every request must have the token, and come from a page of this server or from no page.

The page runs on the machine of the person who looks at it, where every website that is open in the same
browser could send requests too. Host keeps out names that a website made point here (DNS rebinding), Origin
and Sec-Fetch-Site keep out its scripts and forms, the token keeps out everybody else on the machine.

Cookies know no ports: a browser sends the token to other servers on the same host name too.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.page.address import LOCAL_HOSTS
from workbench.page.answers import Header, answer, browser_headers, refuse
from workbench.page.entrance import ENTRANCE, is_shown
from workbench.page.limits import HEADER_BYTES, HEADERS
from workbench.page.paths import Refusal, refuse_path

HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,255}")

TOKEN_QUERY = b"token="

CLOSED = Refusal(403, "Open the address that the program printed when it started, with its token.")
WRONG_HOST = Refusal(400, "The Host header names another server.")
LARGE_HEADERS = Refusal(431, "The headers are too large.")
WRONG_ORIGIN = Refusal(403, "The request comes from another site.")

FROM_PROXIES = (b"forwarded", b"x-forwarded-")
"""Beginnings of headers that are ignored: no proxy is trusted."""

SAFE_METHODS = ("GET", "HEAD")

logger = logging.getLogger(__name__)


class Guard:
    """ASGI middleware around everything: passes on requests that are allowed, and answers every one.

    Parameters
    ----------
    app
        What answers.
    token
        That every request must have.
    authorities
        Hosts with ports under which the page may be asked for, in lower case.
    port
        Of the server; part of the cookie's name, so that servers on one machine keep apart.
    """

    def __init__(self, app: ASGIApp, token: str, authorities: Collection[str], port: int) -> None:
        self.app = app
        self._token = token.encode("ascii")
        self._authorities = authorities
        self._cookie = f"ganglion-{port}".encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        answering = GuardedResponse(scope, send, self._authority(scope))
        refusal = self._refuse(scope)
        if refusal is CLOSED and is_shown(scope):
            await answer(scope, answering.send, CLOSED.status, b"text/html; charset=utf-8", ENTRANCE)
        elif refusal is not None:
            await refuse(scope, answering.send, *refusal)
        elif self._enters(scope):
            await self._enter(scope, answering.send)
        else:
            await answering.run(self.app, receive)

    def _refuse(self, scope: Scope) -> Refusal | None:
        headers = scope["headers"]
        if len(headers) > HEADERS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
            return LARGE_HEADERS
        if self._authority(scope) is None:
            return WRONG_HOST
        if not self._is_own(scope):
            return WRONG_ORIGIN
        query = scope["query_string"]
        if self._enters(scope):
            return None if self._matches(query.removeprefix(TOKEN_QUERY)) else CLOSED
        if not self._knows_token(scope):
            return CLOSED
        return refuse_path(scope["raw_path"], query, scope.get("method", "WEBSOCKET"))

    def _enters(self, scope: Scope) -> bool:
        """Say whether this is a visit of the address with the token in it."""
        at_door = scope["raw_path"] == b"/" and scope.get("method") in SAFE_METHODS
        return at_door and scope["query_string"].startswith(TOKEN_QUERY)

    def _authority(self, scope: Scope) -> str | None:
        """Return the host and port that a request asks, None unless it is one and ours."""
        hosts = _all(scope, b"host")
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            return None
        authority = hosts[0].decode("ascii").lower()
        return authority if authority in self._authorities else None

    def _is_own(self, scope: Scope) -> bool:
        """Say whether it was a page of this server that sent a request, or none."""
        sites = _all(scope, b"sec-fetch-site")
        if any(site not in (b"same-origin", b"none") for site in sites) and not self._is_visit(scope, sites):
            return False
        origins = _all(scope, b"origin")
        if not origins:
            return scope.get("method") in SAFE_METHODS
        return len(origins) == 1 and origins[0] == f"http://{self._authority(scope)}".encode("ascii")

    def _is_visit(self, scope: Scope, sites: list[bytes]) -> bool:
        """Say whether a person follows a link of another server on this host name, as of experiments.

        That server cannot read the page, nor put it into a frame; the token is needed all the same.
        """
        of = {name: _all(scope, b"sec-fetch-" + name) for name in (b"mode", b"dest")}
        followed = of[b"mode"] == [b"navigate"] and of[b"dest"] == [b"document"] and sites == [b"same-site"]
        return followed and scope["raw_path"] == b"/" and scope.get("method") in SAFE_METHODS

    def _knows_token(self, scope: Scope) -> bool:
        given = [value.removeprefix(b"Bearer ") for value in _all(scope, b"authorization")]
        for cookies in _all(scope, b"cookie"):
            for cookie in cookies.split(b";"):
                name, _, value = cookie.strip().partition(b"=")
                if name == self._cookie:
                    given.append(value)
        return any(self._matches(value) for value in given)

    def _matches(self, value: bytes) -> bool:
        return hmac.compare_digest(value, self._token)

    async def _enter(self, scope: Scope, send: Send) -> None:
        """Keep the token in a cookie, and out of the address bar and the browser's history."""
        cookie = self._cookie + b"=" + self._token + b"; Path=/; HttpOnly; SameSite=Strict"
        headers = [(b"set-cookie", cookie), (b"location", b"/")]
        await answer(scope, send, 303, b"text/plain; charset=utf-8", b"", headers)


class GuardedResponse:
    """Sees that a request is answered: with the headers that browsers go by, and as what it is.

    What fails on a path other than the page's own was asked for wrongly: those serve files and take what
    the page sends. That is answered as a bad request.
    """

    def __init__(self, scope: Scope, send: Send, authority: str | None) -> None:
        self._scope = _without_proxies(scope)
        self._send = send
        self._headers = browser_headers(authority or LOCAL_HOSTS[0])
        self._started = self._gave_up = False

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        """Have a request answered."""
        try:
            await app(self._scope, receive, self.send)
        except Exception:
            if self._started and not self._gave_up and self._scope["type"] == "http":
                raise
            if self._is_page():
                logger.exception("the page failed")
            else:
                logger.debug("a request failed", exc_info=True)
            if not self._started:
                await self._give_up()

    async def send(self, message: Message) -> None:
        """Send a message of ASGI."""
        if self._gave_up:
            return
        if message["type"].endswith("response.start"):
            if message["status"] >= 500 and not self._is_page():
                await self._give_up()
                return
            message = {**message, "headers": self._with_ours(message.get("headers", []))}
        self._started = True
        await self._send(message)

    async def _give_up(self) -> None:
        if self._is_page():
            await refuse(self._scope, self.send, 500, "The page could not be built: see the terminal.")
        else:
            await refuse(self._scope, self.send, 400, "The request could not be answered.")
        self._gave_up = True

    def _is_page(self) -> bool:
        return bool(self._scope["path"] == "/")

    def _with_ours(self, headers: list[Header]) -> list[Header]:
        names = [name for name, _ in self._headers]
        return [*((name, value) for name, value in headers if name.lower() not in names), *self._headers]


def _all(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _without_proxies(scope: Scope) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if not name.startswith(FROM_PROXIES)]
    return {**scope, "headers": headers}
