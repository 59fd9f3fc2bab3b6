"""Malformed messages to the page's framework, with the token: no errors, no tracebacks, nothing bypassed."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.support.web_server import BINARY, TEXT, RunningServer, close_code, frame, read_frame, running

pytest.importorskip("nicegui")

CLIENT = re.compile(rb"/_nicegui/client/([0-9a-f-]{36})/upload/\d+")

FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s\r\n--b--\r\n'

BAD_BODIES = (
    *(b"", b"x", b"--b", b"--b--", b"--b\r\n\r\n\r\n--b--\r\n", b"--c\r\n\r\nx\r\n--c--", b"\0" * 1000),
    *(
        b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nno file\r\n--b--\r\n',
        FILE[:60],
        FILE % (b"", b""),
    ),
    b"--b\r\nContent-Disposition: \xff\xfe; name=\xff\r\n\r\nx\r\n--b--\r\n",
    b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%d"; filename="x"\r\n\r\n\r\n' % n for n in range(1100)
    ),
)

BAD_PACKETS = (
    *(
        "",
        "x",
        "0",
        "2",
        "2probe",
        "5",
        "6",
        "9",
        "4",
        "44",
        "45-",
        "451-[]",
        "46",
        "49",
        "4\u0662",
        "\u0664",
    ),
    *(
        "42",
        "42[",
        "42[]",
        "42{}",
        '42["event"]',
        '42["event",1]',
        '42["event",{}]',
        '42["nothing",{}]',
        "42[1,{}]",
    ),
    *(
        '42["event",{},{}]',
        '42["handshake",{}]',
        '42["ack",{"client_id":"x"}]',
        '42["javascript_response",null]',
    ),
    *(
        "42" + 10_000 * "[",
        '4299999999999["ack",{}]',
        "40/admin,",
        "40[",
        "43[]",
        "b4AAAA",
        '42["connect",{}]',
    ),
)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running(page_burst=10_000, viewers=1000, body_seconds=1.0, close_seconds=1.0) as server:
        yield server


@pytest.fixture(autouse=True)
def stays_well(server: RunningServer) -> Iterator[None]:
    yield
    assert server.is_well()


@pytest.fixture
def upload(server) -> str:
    return CLIENT.search(server.request("/")[1])[0].decode()


@pytest.fixture
def query(server) -> dict[str, str]:
    client = CLIENT.search(server.request("/")[1])[1].decode()
    query = {"EIO": "4", "transport": "websocket", "client_id": client, "tab_id": "t", "document_id": "d"}
    return {**query, "next_message_id": "0", "implicit_handshake": "true"}


def open_page(server: RunningServer, query: dict[str, str]):
    """Connect as the script of a page does."""
    status, connection = server.websocket(f"/_nicegui_ws/socket.io/?{urlencode(query)}")
    if status == 101:
        assert read_frame(connection)[1].startswith(b"0{")
        connection.sendall(frame(TEXT, b"40"))
        assert read_frame(connection)[1].startswith(b"40{")
    return status, connection


def test_what_a_page_says_is_understood(server, query):
    status, connection = open_page(server, query)
    with connection:
        assert status == 101
        ask = {"client_id": query["client_id"], "tab_id": "other", "document_id": "d"}
        connection.sendall(frame(TEXT, b"4207" + json.dumps(["handshake", ask]).encode()))
        assert read_frame(connection)[1] == b"437[false]"


@pytest.mark.parametrize("packet", BAD_PACKETS)
def test_packets_that_mean_nothing_close_the_websocket(server, query, packet):
    status, connection = open_page(server, query)
    with connection:
        assert status == 101
        connection.sendall(frame(TEXT, packet.encode()))
        assert close_code(connection) == 1008


def test_packets_that_are_not_text_close_the_websocket(server, query):
    status, connection = open_page(server, query)
    with connection:
        assert status == 101
        connection.sendall(frame(BINARY, b"4"))
        assert close_code(connection) == 1008


def test_lines_for_the_terminal_are_ignored(server, query):
    status, connection = open_page(server, query)
    with connection:
        assert status == 101
        line = {"client_id": query["client_id"], "level": "error", "message": "\x1b[2J"}
        connection.sendall(frame(TEXT, b"42" + json.dumps(["log", line]).encode()) + frame(TEXT, b"x"))
        assert close_code(connection) == 1008  # of the second: the first went by, and nothing was printed


def test_connections_that_are_not_those_of_a_page_are_refused(server, query):
    for changes in (
        *(
            {"EIO": "3"},
            {"transport": "polling"},
            {"sid": "x"},
            {"j": "0"},
            {"client_id": None},
            {"tab_id": None},
        ),
        *(
            {"next_message_id": "x"},
            {"next_message_id": "9" * 5000},
            {"document_id": None},
            {"transport": None},
        ),
        {str(number): "x" for number in range(40)},
    ):
        given = {name: value for name, value in {**query, **changes}.items() if value is not None}
        assert open_page(server, given)[0] in (400, 414), changes
    for raw in ("", "?", "?EIO=4", "?=&=&=", "?" + "&" * 100, "?EIO=4&transport=websocket&%ff=%fe"):
        assert server.websocket(f"/_nicegui_ws/socket.io/{raw}")[0] == 400


def test_an_unknown_page_is_told_so(server, query):
    status, connection = server.websocket(f"/_nicegui_ws/socket.io/?{urlencode({**query, 'client_id': 'x'})}")
    with connection:
        assert status == 101
        read_frame(connection)
        connection.sendall(frame(TEXT, b"40"))
        assert b"handshake failed" in read_frame(connection)[1]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_bodies_that_are_no_upload_are_refused(server, upload, body):
    for kind in (
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "multipart/form-data; boundary=\xff",
        "x",
    ):
        status, _ = server.request(upload, "POST", body, Content_Type=kind)
        assert status == 200 or 400 <= status < 500


def test_file_names_are_no_paths(server, upload):
    for name in (
        b"../../x",
        b"\\\\x",
        b"/etc/passwd",
        b"<img src=x onerror=alert(1)>",
        b"\xff\xfe",
        b"x" * 10_000,
    ):
        body = FILE % (name, b"no image")
        status, answer = server.request(upload, "POST", body, Content_Type="multipart/form-data; boundary=b")
        assert status in (200, 400) and name not in answer


def test_uploads_to_nobody_are_refused(server, upload):
    for target in (upload.replace("/upload/", "/upload/9"), "/_nicegui/client/" + 36 * "0" + "/upload/1"):
        status, answer = server.request(
            target, "POST", FILE % (b"f", b"x"), Content_Type="multipart/form-data; boundary=b"
        )
        assert status == 404 and len(answer) < 2000
    for target in ("/_nicegui/client/x/upload/1", upload + "/x", upload + "x", "/_nicegui/client//upload/1"):
        assert server.request(target, "POST", b"x")[0] in (400, 404)


def test_files_that_are_not_there(server):
    for part in ("static", "components", "libraries", "resources", "dynamic_resources", "esm"):
        for rest in ("x", "x/y.js", "x.js", "x/y/z", "x" * 900, "upload.js", ".", "-"):
            status, answer = server.request(f"/_nicegui/3.18.0/{part}/{rest}")
            assert status in (307, 400, 404) and len(answer) < 2000


def test_rubbish_in_headers_does_no_harm(server):
    for changes in (
        *({"Range": "bytes=x"}, {"Range": "bytes=9-1"}, {"Range": "bytes=" + ",".join(5000 * ["0-1"])}),
        *({"Range": "bytes=99999999999999999999-"}, {"If_Modified_Since": "x"}, {"If_None_Match": '"' * 99}),
        *(
            {"If_Modified_Since": "Mon, 99 Foo 99999999999 99:99:99 GMT"},
            {"If_Range": "\xff"},
            {"Accept": "\xff" * 99},
        ),
        *({"X_Forwarded_Prefix": '"><script>'}, {"X_Forwarded_Host": "example.org"}, {"Forwarded": "host=x"}),
        *(
            {"Cookie": server.headers["Cookie"] + '; \xff="; =;;'},
            {"Content_Type": "\xff"},
            {"Accept_Encoding": "x"},
        ),
        *({"User_Agent": "\xff" * 3000}, {"Accept_Language": "x" * 3000}, {"Sec_Purpose": "prefetch"}),
    ):
        for target in ("/", "/assets/live.js", "/_nicegui/3.18.0/static/nicegui.js", "/favicon.ico"):
            status, answer = server.request(target, **changes)
            assert 200 <= status < 500, (target, changes)
            assert b'"><script>' not in answer and b"example.org" not in answer
