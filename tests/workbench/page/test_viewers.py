"""Many viewers who read nothing, or connect and leave: the server goes on, and its memory does not grow."""

import re
import socket
from contextlib import ExitStack, suppress
from urllib.parse import urlencode

import pytest

from tests.support import patience
from tests.support.web_link import FRAME_NUMBERS
from tests.support.web_server import BINARY, TEXT, RunningServer, frame, read_frame, running
from workbench.run.messages import unpack

pytest.importorskip("nicegui")

VIEWERS = 50
MEBIBYTE = 2**20
HALF_LANES = 8
"""Frames of a viewer that reads nothing: two in the server, and those in buffers of the system."""

READY = frame(TEXT, b'{"ready": {"kinds": ["values"]}}')

CLIENT = re.compile(rb"/_nicegui/client/([0-9a-f-]{36})/")


def test_stalled_viewers_hold_few_frames_each_and_are_dropped():
    with running(stall_seconds=3.0, close_seconds=1.0) as server, ExitStack() as stack:
        assert server.is_well()
        before = server.memory
        stalled = [stack.enter_context(server.websocket(receive_bytes=4096)[1]) for _ in range(VIEWERS)]
        status, reader = server.websocket()
        stack.enter_context(reader)
        assert status == 101
        for _ in range(10):
            for connection in stalled:
                with suppress(ConnectionError):
                    connection.sendall(5 * READY)
            reader.sendall(READY)
            opcode, message = read_frame(reader)
            assert opcode == BINARY and len(message) > 4 * FRAME_NUMBERS
        assert unpack(message)[0]["number"] < VIEWERS * HALF_LANES, "of 50 frames that each of them asked for"
        assert server.memory - before < VIEWERS * HALF_LANES * 4 * FRAME_NUMBERS
        for connection in stalled:
            wait_for_end(connection)
        assert server.is_well()


def wait_for_end(connection: socket.socket) -> None:
    """Wait until the server has disconnected, without reading before."""
    with suppress(ConnectionError):
        while True:
            connection.sendall(READY)


def visit(server: RunningServer) -> bool:
    """Open the page and connect as its script does, then disconnect; return whether it was admitted."""
    status, page = server.request("/")
    assert status in (200, 429)
    if status == 429:
        assert b"retry-after" in page and b"http-equiv" in page
        return False
    query = {"EIO": 4, "transport": "websocket", "client_id": CLIENT.search(page)[1].decode()}
    query |= {"tab_id": "t", "document_id": "d", "implicit_handshake": "true", "next_message_id": 0}
    _, page_socket = server.websocket("/_nicegui_ws/socket.io/?" + urlencode(query))
    _, live = server.websocket()
    with page_socket, live:
        page_socket.sendall(frame(TEXT, b"40"))
        live.sendall(READY)
        read_frame(live)
    return True


def visit_often(server: RunningServer, times: int) -> None:
    """Visit until so many visits were admitted."""
    while times:
        times -= visit(server)


def test_viewers_who_come_and_go_take_no_more_memory():
    with running(page_burst=100_000, viewers=30, abandoned_seconds=0.2, reconnect_seconds=0.2) as server:
        visit_often(server, 150)
        before = server.memory
        visit_often(server, 150)
        assert server.memory - before < 10 * MEBIBYTE
        patience.wait_until(server.is_well)  # the last ones may be counted for a moment


def test_pages_that_are_opened_too_fast_or_too_many_are_told_to_wait():
    with running(page_burst=5, pages_per_second=0.001) as server:
        assert [server.request("/")[0] for _ in range(7)] == 5 * [200] + 2 * [429]
    with running(viewers=3, abandoned_seconds=1000.0) as server:
        assert [server.request("/")[0] for _ in range(5)] == 3 * [200] + 2 * [429]
    with running(viewers=3, abandoned_seconds=0.0) as server:
        assert [server.request("/")[0] for _ in range(8)] == 8 * [200]


def test_websockets_are_limited_in_number_and_free_again():
    with running(viewers=5, close_seconds=0.5) as server:
        opened = [server.websocket() for _ in range(6)]
        assert [status for status, _ in opened] == 5 * [101] + [429]
        for _, connection in opened:
            connection.close()
        while (latest := server.websocket())[0] != 101:
            latest[1].close()
        latest[1].close()
