"""Limits: on bodies and requests without a server, on idle connections with one."""

import asyncio
import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support import patience

pytest.importorskip("nicegui")

from tests.support.web_server import PING, TEXT, close_code, frame, head, read_all, running
from workbench.page.admission import TokenBucket
from workbench.page.limits import LimitedRequests, Limits

LISTENING = "0A"
"""A state in the system's table of connections."""

UPLOAD = "/_nicegui/client/x/upload/1"


class Application:
    """Reads bodies, and waits while `go_on` is not set."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.bodies.append((await receive())["body"])
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})


class Request:
    """One request: pieces of a body that come one after another, then nothing."""

    def __init__(self, *pieces: bytes, path: str = "/", length: int | None = None, ends: bool = True) -> None:
        headers = [] if length is None else [(b"content-length", str(length).encode())]
        self.scope = {"type": "http", "path": path, "headers": headers}
        self._pieces, self._ends = list(pieces), ends
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        if not self._pieces and not self._ends:
            await asyncio.Event().wait()
        body = self._pieces.pop(0) if self._pieces else b""
        return {"type": "http.request", "body": body, "more_body": bool(self._pieces) or not self._ends}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def ask(self, app: Any) -> int:
        await app(self.scope, self.receive, self.send)
        return self.sent[0]["status"]


def ask(request: Request, **limits: Any) -> tuple[int, list[bytes]]:
    async def run() -> tuple[int, list[bytes]]:
        application = Application()
        status = await request.ask(LimitedRequests(application, Limits(**limits)))
        return status, application.bodies

    return asyncio.run(run())


def test_a_body_comes_whole():
    assert ask(Request(b"ab", b"", b"c")) == (200, [b"abc"])
    assert ask(Request()) == (200, [b""])


def test_a_body_has_a_limit_by_what_it_says_and_by_what_it_is():
    assert ask(Request(b"abcd", length=4), body_bytes=4)[0] == 200
    assert ask(Request(b"abcde", length=5), body_bytes=4) == (413, [])
    assert ask(Request(b"abc", b"de"), body_bytes=4) == (413, [])
    assert ask(Request(b"abc", b"de", path=UPLOAD), body_bytes=4)[0] == 200
    assert ask(Request(b"abc", b"de", path=UPLOAD), upload_bytes=4) == (413, [])


def test_a_body_that_does_not_come_is_not_waited_for():
    assert ask(Request(b"abc", ends=False), body_seconds=0.01) == (408, [])


def test_a_client_that_goes_is_not_answered():
    request = Request()

    async def disconnect() -> Any:
        return {"type": "http.disconnect"}

    request.receive = disconnect  # type: ignore[method-assign]
    application = Application()
    asyncio.run(LimitedRequests(application, Limits())(request.scope, request.receive, request.send))
    assert request.sent == [] and application.bodies == []


def test_requests_at_a_time():
    async def run() -> None:
        application = Application()
        limited = LimitedRequests(application, Limits(requests=2, uploads=1))
        application.go_on.clear()
        waiting = [asyncio.create_task(Request().ask(limited)) for _ in range(2)]
        waiting.append(asyncio.create_task(Request(path=UPLOAD).ask(limited)))
        await asyncio.sleep(0)
        refused = Request()
        assert await refused.ask(limited) == await Request(path=UPLOAD).ask(limited) == 429
        assert (b"retry-after", b"1") in refused.sent[0]["headers"]
        application.go_on.set()
        assert await asyncio.gather(*waiting) == [200, 200, 200]
        assert await Request().ask(limited) == await Request(path=UPLOAD).ask(limited) == 200

    asyncio.run(run())


def test_a_bucket_lets_a_burst_through_and_then_so_many_a_second():
    now = 100.0
    bucket = TokenBucket(3, 2.0, lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now += 0.4
    assert not bucket.take()
    now += 0.2
    assert [bucket.take(), bucket.take()] == [True, False]
    now += 1000
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def ask_without_reading(connection: socket.socket, request: bytes) -> None:
    """Send requests, one after another, until the server takes no more."""
    connection.settimeout(0.5)
    with suppress(TimeoutError, ConnectionError):
        while True:
            connection.sendall(request)


def test_connections_that_do_nothing_are_ended_and_have_an_end_to_their_number():
    with (
        running(connections=20, stall_seconds=1.0, close_seconds=0.5, header_seconds=2.0) as server,
        ExitStack() as stack,
    ):
        idle = [stack.enter_context(server.connect()) for _ in range(20)]
        assert server.request("/assets/live.js")[0] in (0, 429)
        assert all(read_all(connection).startswith(b"HTTP/1.1 408") for connection in idle)
        assert server.is_well()

        wanted = head("GET", "/_nicegui/3.18.0/static/nicegui.js", server.headers) + b"\r\n"
        stalled = [stack.enter_context(server.connect(receive_bytes=4096)) for _ in range(3)]
        for connection in stalled:
            ask_without_reading(connection, wanted)
        sockets = [server.websocket(receive_bytes=4096)[1] for _ in range(2)]
        for connection in sockets:
            stack.enter_context(connection)
        ask_without_reading(sockets[0], frame(PING, b"x" * 100))
        ask_without_reading(sockets[1], frame(TEXT, b'{"ready": {"kinds": ["values"]}}'))
        patience.wait_until(lambda: connections_of(server.process.pid) == 0)
        assert server.is_well()


def connections_of(process: int) -> int:
    """Return how many connections a process has, without the listening one."""
    folder = Path(f"/proc/{process}/fd")
    opened = set()
    for path in folder.iterdir():
        with suppress(OSError):  # it may be closed by now
            opened.add(os.readlink(path))
    rows = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    return sum(f"socket:[{row[9]}]" in opened and row[3] != LISTENING for row in rows)


def test_a_websocket_that_does_not_answer_pings_is_closed():
    with running(ping_seconds=0.2) as server:
        status, connection = server.websocket()
        with connection:
            assert status == 101
            assert close_code(connection) == 1011


def test_answers_to_pings_do_not_pile_up():
    with running(stall_seconds=1000.0) as server:
        _, connection = server.websocket(receive_bytes=4096)
        with connection, pytest.raises(ConnectionError):
            for _ in range(500):
                connection.sendall(1000 * frame(PING, b"x" * 100))
