"""Hostile requests: refused or disconnected, never an error of the server, which goes on as before."""

import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.support import patience
from tests.support.web_server import (
    BINARY,
    CLOSE,
    PING,
    TEXT,
    RunningServer,
    close_code,
    frame,
    head,
    read_all,
    read_frame,
    receive,
    running,
)
from workbench.page.limits import Limits

pytest.importorskip("nicegui")

TRAVERSALS = (
    "/assets/../../setup.cfg",
    "/assets/..%2f..%2fsetup.cfg",
    "/assets/%2e%2e/%2e%2e/setup.cfg",
    "/assets/%2e%2e%2f%2e%2e%2fsetup.cfg",
    "/assets/%252e%252e%252fsetup.cfg",
    "/assets/%c0%ae%c0%ae/setup.cfg",
    "/assets/%uff0e%uff0e/setup.cfg",
    "/assets/..\\..\\setup.cfg",
    "/assets/..%5c..%5csetup.cfg",
    "/assets/....//....//setup.cfg",
    "/assets/..;/..;/setup.cfg",
    "/assets/./../../setup.cfg",
    "/assets//etc/passwd",
    "//etc/passwd",
    "/assets/%2fetc%2fpasswd",
    "/assets/live.js%00.css",
    "/assets/live.js/../../../setup.cfg",
    "/assets/.git/config",
    "/_nicegui/3.18.0/static/../../../../setup.cfg",
    "/_nicegui/3.18.0/resources/x/%2e%2e/%2e%2e/setup.cfg",
    "/_nicegui/3.18.0/esm/x/..%2f..%2fsetup.cfg",
    "/_nicegui/../setup.cfg",
    "/..",
    "../setup.cfg",
    "setup.cfg",
    "file:///etc/passwd",
    "http://example.org/",
    "/assets/~root/.ssh",
    "/assets/\u00e9",
    "/setup.cfg",
    "*",
)

BAD_FRAMES = {
    "reserved opcode": b"\x83" + frame(TEXT, b"x")[1:],
    "reserved bit": bytes([0xC1]) + frame(TEXT, b"x")[1:],
    "not masked": frame(TEXT, b"{}", masked=False),
    "huge length": b"\x81\xff" + struct.pack("!Q", 2**40) + b"\0" * 4,
    "length with its highest bit": b"\x81\xff" + struct.pack("!Q", 2**63) + b"\0" * 4,
    "invalid UTF-8": frame(TEXT, b"\xff\xfe{}"),
    "surrogate in UTF-8": frame(TEXT, b"\xed\xa0\x80"),
    "long control frame": frame(PING, b"x" * 126),
    "control frame in pieces": frame(PING, b"x", final=False),
    "continuation of nothing": frame(0, b"x"),
    "text within text": frame(TEXT, b"a", final=False) + frame(TEXT, b"b"),
    "close of one byte": frame(CLOSE, b"\x03"),
    "reserved close code": frame(CLOSE, struct.pack("!H", 1005)),
    "compressed": bytes([0xC1]) + frame(TEXT, b"\x78\x9c" * 10)[1:],
    "too long": frame(TEXT, b" " * (Limits().socket_bytes + 1)),
    "many empty pieces": frame(TEXT, b"", final=False) + 3000 * frame(0, b"", final=False),
    "binary": frame(BINARY, b"{}"),
    "no JSON": frame(TEXT, b"{"),
    "an array": frame(TEXT, b"[]"),
    "deep": frame(TEXT, b"[" * 100_000),
    "a long number": frame(TEXT, b'{"id": ' + b"9" * 10_000 + b"}"),
    "not a number": frame(TEXT, b'{"id": NaN, "op": "status"}'),
    "no operation": frame(TEXT, b'{"id": 1}'),
    "a negative number": frame(TEXT, b'{"id": -1, "op": "status"}'),
    "arguments that are a list": frame(TEXT, b'{"id": 1, "op": "status", "args": []}'),
    "ready for nothing": frame(TEXT, b'{"ready": 1}'),
    "too many at once": 100 * frame(TEXT, b'{"id": 1, "op": "wait"}'),
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    quick = {"header_seconds": 1.0, "body_seconds": 1.0, "stall_seconds": 2.0, "close_seconds": 1.0}
    with running(page_burst=10_000, viewers=1000, **quick) as server:
        yield server


@pytest.fixture(autouse=True)
def stays_well(server: RunningServer) -> Iterator[None]:
    yield
    assert server.is_well()


def test_who_does_not_know_the_token_gets_nothing(server):
    near = server.token[:-1] + ("A" if server.token[-1] != "A" else "B")
    for cookie in (None, "", "x", f"ganglion-{server.port}=", f"ganglion-{server.port}={near}", "\xff=\xff"):
        for target in ("/", "/assets/live.js", "/favicon.ico", "/nothing", "/live", "/../x"):
            status, answer = server.request(target, Cookie=cookie)
            assert status == 403 and b"token" in answer and server.token.encode() not in answer
        assert server.request("/live", "POST", b"x", Cookie=cookie)[0] == 403
        assert server.websocket(Cookie=cookie)[0] == 403
    for target in (f"/?token={near}", "/?token=", f"/?token={server.token}x", f"/?token=%00{server.token}"):
        assert server.request(target, Cookie=None)[0] == 403
    assert server.request(f"/assets/live.js?token={server.token}", Cookie=None)[0] == 403


def test_a_request_for_another_host_is_refused(server):
    port = server.port
    for host in (
        *("example.org", f"example.org:{port}", "127.0.0.1", "localhost", f"127.0.0.1:{port + 1}", ""),
        *(f"127.0.0.1:{port}.example.org", f"127.0.0.1:0{port}", f"127.1:{port}", f"2130706433:{port}"),
        *(f"localhost.:{port}", f"user@localhost:{port}", f"localhost:{port}/", f"\xff:{port}"),
        *(f"localhost:{port}, example.org", "[::1]", f"::1:{port}", f"[::ffff:127.0.0.1]:{port}"),
    ):
        assert server.request("/", Host=host)[0] == 400, host
        assert server.websocket(Host=host)[0] in (0, 400), host
    assert server.request("/", Host=None)[0] == 400
    assert server.request("/", raw=b"Host: example.org\r\n")[0] == 400
    assert server.request("/", raw=f"Host: 127.0.0.1:{port}\r\n".encode())[0] == 400
    for host in (f"LocalHost:{port}", f"[::1]:{port}"):
        assert server.request("/assets/live.js", Host=host, Origin=None)[0] == 200


def test_a_request_from_another_site_is_refused(server):
    own, port = server.headers["Origin"], server.port
    for origin in ("null", "", "http://example.org", own + "/", f"https://127.0.0.1:{port}", f"{own}, {own}"):
        assert server.request("/", Origin=origin)[0] == 403
        assert server.websocket(Origin=origin)[0] == 403
        assert server.request("/live", "POST", b"x", Origin=origin)[0] == 403
    assert server.websocket(Origin=f"http://localhost:{port}")[0] == 403
    assert server.websocket(Origin=None)[0] == 403
    assert server.request("/live", "POST", b"x", Origin=None)[0] == 403
    for site in ("cross-site", "same-site", "", "same-origin, none"):
        assert server.request("/", Sec_Fetch_Site=site)[0] == 403
        assert server.websocket(Sec_Fetch_Site=site)[0] == 403
    assert server.request("/", Origin=None, Sec_Fetch_Site="none")[0] == 200
    assert server.websocket(Sec_Fetch_Site="same-origin")[0] == 101


@pytest.mark.parametrize("target", TRAVERSALS)
def test_paths_lead_nowhere_else(server, target):
    status, answer = server.request(target)
    assert 400 <= status < 500 and b"ganglion" not in answer and b"root:" not in answer
    assert b"setup" not in answer and b"passwd" not in answer


def test_only_what_reads_and_the_upload_is_answered(server):
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "get", "X" * 2000):
        assert server.request("/", method)[0] == 405
    assert server.request("/", "POST", b"x")[0] == 405
    assert server.request("/assets/live.js", "POST", b"x")[0] == 405
    assert server.request("/_nicegui/client/" + 36 * "0" + "/upload/1")[0] == 405
    for target in ("/live", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"):
        assert server.request(target)[0] == server.request(target, "POST", b"x")[0] == 405
    for target in ("/docs", "/openapi.json", "/_nicegui/3.18.0/", "/_nicegui_ws/"):
        assert server.request(target)[0] == server.request(target, "POST", b"x")[0] == 404


NO_REQUESTS = (
    *(b"\r\n\r\n\r\n", b"GET /\r\n\r\n", b"\0" * 5000, b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n"),
    *(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", random.Random(7).randbytes(3000)),
)

BAD_HEADERS = (
    *(b"no colon", b"A: \0", b": x", b"A : x", b"A\0: x", b"Content-Length: -1", b"Content-Length: x"),
    *(
        b"Content-Length: 1\r\nContent-Length: 2",
        b"Transfer-Encoding: x",
        b"Transfer-Encoding: chunked\r\n\r\nzz",
    ),
    *(
        b"Transfer-Encoding: chunked\r\n\r\n" + 300 * b"0",
        b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nX",
    ),
)


def test_what_is_no_request_is_refused(server):
    for sent in NO_REQUESTS:
        assert server.send(sent)[0] in (0, 400, 408)
    for raw in BAD_HEADERS:
        assert server.request("/", raw=raw + b"\r\n")[0] == 400, raw
    for raw in (b"A: " + b"x" * 40_000, *(b"\r\n".join(count * [b"A: x"]) for count in (65, 6000))):
        assert server.request("/", raw=raw + b"\r\n")[0] in (400, 431)


def test_giant_bodies_are_refused(server):
    upload = "/_nicegui/client/" + 36 * "0" + "/upload/1"
    for length in (Limits().upload_bytes + 1, 2**63, 10**19):
        assert server.request(upload, "POST", Content_Length=length)[0] == 413
    assert server.request("/assets/live.js", Content_Length=2**20 + 1)[0] == 413
    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    more = (Limits().upload_bytes // 65536 + 40) * chunk
    status, _ = server.request(upload, "POST", more, Transfer_Encoding="chunked")
    assert status in (0, 413)
    status, _ = server.request("/assets/live.js", "GET", 30 * chunk, Transfer_Encoding="chunked")
    assert status in (0, 413)


def test_slow_requests_are_cut_off(server):
    upload = "/_nicegui/client/" + 36 * "0" + "/upload/1"
    promised = head("POST", upload, {**server.headers, "Content-Length": 1000}) + b"\r\nx"
    begun = head("GET", "/", server.headers) + b"A: "
    with ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(4)]
        for connection, sent in zip(connections, (b"", b"G", begun, promised), strict=True):
            connection.sendall(sent)
        answers = [read_all(connection) for connection in connections]
        answers += [drip(stack.enter_context(server.connect()), sent) for sent in (begun, promised)]
    assert all(answer.startswith(b"HTTP/1.1 408 Request Timeout") for answer in answers)


def drip(connection: socket.socket, begun: bytes) -> bytes:
    """Send a request byte after byte until the server ends the connection, and return its answer."""
    connection.settimeout(0.1)
    connection.sendall(begun)
    until = time.monotonic() + patience.SECONDS
    while time.monotonic() < until:
        with suppress(TimeoutError):
            return receive(connection)
        connection.sendall(b"x")
    pytest.fail("it went on and on")


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_frames_close_the_websocket(server, name):
    status, connection = server.websocket()
    with connection:
        assert status == 101
        with suppress(ConnectionError):
            connection.sendall(BAD_FRAMES[name])
        assert close_code(connection) in (0, 1002, 1003, 1007, 1008, 1009)


def test_handshakes_that_are_wrong_are_refused(server):
    for changes in (
        *({"Sec_WebSocket_Key": None}, {"Sec_WebSocket_Key": "short"}, {"Sec_WebSocket_Key": "\xff" * 24}),
        *({"Sec_WebSocket_Version": None}, {"Sec_WebSocket_Version": "12"}, {"Upgrade": "h2c"}),
        *(
            {"Content_Length": 5},
            {"A": "x" * 9000},
            {"Upgrade": "websocket, websocket"},
            {"Connection": "close"},
        ),
    ):
        assert server.websocket(**changes)[0] in (400, 404, 405), changes
    assert server.websocket("/")[0] == server.websocket("/assets/live.js")[0] == 405
    assert server.websocket("/nothing")[0] == 404
    status, connection = server.websocket(
        Sec_WebSocket_Extensions='permessage-deflate; x="', Sec_WebSocket_Protocol=",,"
    )
    with connection:
        assert status == 101


def test_thousands_of_small_messages(server):
    status, connection = server.websocket()
    with connection:
        assert status == 101
        for number in range(2000):
            connection.sendall(frame(TEXT, b'{"id": %d, "op": "echo", "args": {}}' % number))
            assert read_frame(connection)[0] == BINARY
        connection.sendall(5000 * frame(TEXT, b'{"ready": {"kinds": []}}'))
        assert read_frame(connection)[0] == BINARY
        connection.sendall(frame(TEXT, b'{"id": 1, "op": "echo", "args": {}}'))
        assert read_frame(connection)[0] == BINARY
