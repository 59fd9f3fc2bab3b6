"""The server as a whole: the page, its files, the terminal, and the end."""

import re
import signal
import socket

import pytest

from tests.support.web_server import PATIENCE, TEXT, close_code, frame, head, read_all, receive, running

pytest.importorskip("nicegui")

ASSETS = re.compile(rb'"(/(?:assets|_nicegui/[^/"]+)/[^"]+\.(?:js|mjs|css|woff2?))"')

TYPES = {b"js": b"text/javascript", b"mjs": b"text/javascript", b"css": b"text/css"}


@pytest.fixture(scope="module")
def server():
    with running(page_burst=1000) as server:
        yield server


def fields(answer: bytes) -> dict[bytes, bytes]:
    """Return the headers of an answer."""
    lines = answer.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return dict(line.lower().split(b": ", 1) for line in lines)


def test_the_page_and_everything_it_loads_come_from_here(server):
    status, page = server.request("/")
    assert status == 200 and fields(page)[b"cache-control"] == b"no-store"
    assert not re.findall(rb"(?:src|href|url\(|from )[\"'(= ]*(?:https?:)?//", page)
    assets = set(ASSETS.findall(page))
    assert len(assets) > 5
    for path in sorted(assets):
        status, answer = server.request(path.decode())
        assert status == 200, path
        assert fields(answer)[b"content-type"].startswith(TYPES.get(path.rsplit(b".")[-1], b"font/"))


def test_our_files_are_asked_for_again_and_not_sent_again(server):
    status, answer = server.request("/assets/live.js")
    assert status == 200 and fields(answer)[b"cache-control"] == b"no-cache"
    assert fields(answer)[b"content-type"].startswith(b"text/javascript")
    tag = fields(answer)[b"etag"].decode()
    assert server.request("/assets/live.js", If_None_Match=tag)[0] == 304
    status, answer = server.request("/assets/live.js", "HEAD")
    assert status == 200 and answer.endswith(b"\r\n\r\n")


def test_the_server_does_not_say_what_it_is(server):
    for target in ("/", "/nothing", "/assets/live.js"):
        names = fields(server.request(target)[1])
        assert b"server" not in names and b"x-powered-by" not in names


def test_the_icon_is_our_own(server):
    status, answer = server.request("/favicon.ico")
    assert status == 200 and fields(answer)[b"content-type"] == b"image/svg+xml" and b"<circle" in answer


def test_several_requests_on_one_connection(server):
    request = head("GET", "/assets/live.js", server.headers) + b"\r\n"
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(request)
            assert read_answer(connection).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(head("GET", "/", {**server.headers, "Cookie": "x"}) + b"\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 403")


def read_answer(connection: socket.socket) -> bytes:
    """Return an answer, which is as long as its headers say, and leave the connection open."""
    answer, end = b"", None
    while end is None or len(answer) < end:
        piece = receive(connection)
        assert piece, "the connection ended within an answer"
        answer += piece
        if end is None and b"\r\n\r\n" in answer:
            end = answer.index(b"\r\n\r\n") + 4 + int(fields(answer)[b"content-length"])
    return answer


def test_everything_is_closed_at_the_end():
    with running() as server:
        _, live = server.websocket()
        with live, server.connect() as idle, server.connect() as waiting:
            live.sendall(frame(TEXT, b'{"id": 1, "op": "wait"}'))
            waiting.sendall(head("GET", "/", server.headers))
            server.process.send_signal(signal.SIGINT)
            assert close_code(live) == 1012
            assert read_all(idle) == read_all(waiting) == b""
        assert server.process.wait(PATIENCE) == 0
