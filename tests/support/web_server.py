"""What the tests of the web server share: a server in a process of its own, and requests sent as raw bytes.

Run as a module it is the server, with a page of its own and a simulated run.
"""

import asyncio
import json
import os
import re
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import patience
from tests.support.places import ROOT
from tests.support.web_link import FakeLink
from workbench.run.messages import unpack

PATIENCE = patience.SECONDS
"""Seconds to wait for anything on a busy machine."""

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)\n")

MASK = b"\x01\x02\x03\x04"

TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9


@dataclass
class RunningServer:
    """A server that runs; `output` is what it printed, once it has ended."""

    process: subprocess.Popen[bytes]
    port: int
    token: str
    output: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the page has."""
        host = f"127.0.0.1:{self.port}"
        return {"Host": host, "Origin": f"http://{host}", "Cookie": f"ganglion-{self.port}={self.token}"}

    @property
    def memory(self) -> int:
        """Bytes in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def connect(self, receive_bytes: int | None = None) -> socket.socket:
        """Open a connection; `receive_bytes` makes its buffer for what comes a small one."""
        connection = socket.socket()
        if receive_bytes is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def request(
        self, target: str, method: str = "GET", body: bytes = b"", raw: bytes = b"", **changes: Any
    ) -> tuple[int, bytes]:
        """Send a request and return status and answer; of headers, `Content_Length=None` drops one."""
        sent = head(method, target, {**self.headers, "Connection": "close", **named(changes)}, body)
        return self.send(sent + raw + b"\r\n" + body)

    def send(self, sent: bytes) -> tuple[int, bytes]:
        """Send bytes and return the status, 0 for none, and the answer up to its end."""
        with self.connect() as connection:
            with suppress(ConnectionError):  # it may be refused before everything is sent
                connection.sendall(sent)
            return parse(read_all(connection))

    def websocket(self, target: str = "/live", **changes: Any) -> tuple[int, "socket.socket"]:
        """Ask for a websocket; return the status and the connection."""
        connection = self.connect(changes.pop("receive_bytes", None))
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        connection.sendall(
            head("GET", target, {**self.headers, **upgrade, **key, **named(changes)}) + b"\r\n"
        )
        answer = b""
        while b"\r\n\r\n" not in answer and (piece := receive(connection, 1)):
            answer += piece
        return parse(answer)[0], connection

    def is_well(self) -> bool:
        """Say whether the page, a file, and the run are still answered."""
        page, file = self.request("/"), self.request("/assets/live.js")
        status, connection = self.websocket()
        with connection:
            connection.sendall(frame(TEXT, b'{"id": 5, "op": "status"}'))
            header, _ = unpack(read_frame(connection)[1])
        answers = page[0] == 200 and b"Ganglion" in page[1] and file[0] == 200 and status == 101
        return answers and header["id"] == 5 and header["state"] == "idle"


@contextmanager
def running(**limits: Any) -> Iterator[RunningServer]:
    """Run a server with some limits until the block ends, then interrupt it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.web_server", json.dumps(limits)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        server = RunningServer(process, *wait_for_address(process))
        yield server
        process.send_signal(signal.SIGINT)
        server.output = process.communicate(timeout=PATIENCE)[0].decode()
        assert process.returncode == 0 and server.output == "ended\n", server.output
    finally:
        process.kill()
        process.wait()


def wait_for_address(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Return port and token that the server prints when it is ready."""
    printed, until = "", time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < until and (found := ADDRESS.search(printed)) is None:
            if selector.select(timeout=1):
                piece = os.read(process.stdout.fileno(), 65536)
                assert piece, printed
                printed += piece.decode()
    assert found is not None, printed
    return int(found[1]), found[2]


def named(changes: dict[str, Any]) -> dict[str, Any]:
    """Turn argument names into header names."""
    return {name.replace("_", "-"): value for name, value in changes.items()}


def head(method: str, target: str, headers: dict[str, Any], body: bytes = b"") -> bytes:
    """Return the first lines of a request, without the empty one that ends them."""
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    if body and "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def parse(answer: bytes) -> tuple[int, bytes]:
    """Return the status, 0 where a connection was only closed, and the whole answer."""
    return (int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0), answer


def receive(connection: socket.socket, count: int = 65536) -> bytes:
    """Return some bytes; none when the connection was ended, in whatever way."""
    try:
        return connection.recv(count)
    except ConnectionError:
        return b""


def read_all(connection: socket.socket) -> bytes:
    """Return everything until the connection ends."""
    return b"".join(iter(lambda: receive(connection), b""))


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True) -> bytes:
    """Return a frame of a websocket as a client sends it."""
    size = len(payload)
    if size < 126:
        length = struct.pack("!B", size | masked << 7)
    elif size < 65536:
        length = struct.pack("!BH", 126 | masked << 7, size)
    else:
        length = struct.pack("!BQ", 127 | masked << 7, size)
    pattern = MASK * (size // 4 + 1)
    hidden = bytes(a ^ b for a, b in zip(payload, pattern, strict=False)) if masked else payload
    return bytes([final << 7 | opcode]) + length + (MASK if masked else b"") + hidden


def read_frame(connection: socket.socket) -> tuple[int, bytes]:
    """Return opcode and payload of the next frame; 0 and no bytes when the connection has ended."""
    start = read_exactly(connection, 2)
    if len(start) < 2:
        return 0, b""
    size = start[1]
    if size > 125:
        size = int.from_bytes(read_exactly(connection, 2 if size == 126 else 8), "big")
    return start[0] & 0xF, read_exactly(connection, size)


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """Return a number of bytes, fewer when the connection ends."""
    read = bytearray()
    while len(read) < count and (piece := receive(connection, count - len(read))):
        read += piece
    return bytes(read)


def close_code(connection: socket.socket) -> int:
    """Read until the server closes a websocket and return the code, 0 where it only disconnected."""
    while True:
        opcode, payload = read_frame(connection)
        if opcode == CLOSE:
            return int.from_bytes(payload[:2], "big")
        if opcode == 0:
            return 0


def build_page(link: Any) -> None:
    """Register a small page: a button, an upload, and the text of its result."""
    from nicegui import ui

    from autoencoder.web.uploads import read_upload

    @ui.page("/")
    def page() -> None:
        async def receive_file(event: Any) -> None:
            try:
                image = await read_upload(await event.file.read(), (8, 8, 1), "crop")
            except ValueError as error:
                label.text = str(error)
            else:
                label.text = f"mean {image.mean():.0f}"

        label = ui.label("nothing yet")
        ui.button("Press", on_click=lambda: label.set_text("pressed"))
        ui.upload(on_upload=receive_file, auto_upload=True)


async def main() -> None:
    """Be the server until Ctrl-C; the argument is JSON of limits."""
    from workbench.page.address import Address
    from workbench.page.limits import Limits
    from workbench.page.server import serve

    serving = asyncio.create_task(
        serve(FakeLink(), Address.bind(), build_page, Limits(**json.loads(sys.argv[1])))
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, serving.cancel)
    await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()
    print("ended")


if __name__ == "__main__":
    asyncio.run(main())
