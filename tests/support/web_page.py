"""The page before a made-up run, on a server in this process."""

import asyncio
import functools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles
from nicegui import ui
from starlette.websockets import WebSocketDisconnect

import workbench.page
from autoencoder.live.operations import OPERATIONS
from autoencoder.web.page import ASSETS as CODE_ASSETS
from autoencoder.web.page import build_code_page
from tests.support.made_up_run import MadeUpRun
from tests.support.web_browser import Browser, Page, expect
from workbench.page.link import OperationRefused
from workbench.page.process import Reply
from workbench.run.messages import Header, pack

ASSETS = Path(workbench.page.__file__).parent / "static"


class MadeUpLink:
    """The run for the panels in Python."""

    operations = OPERATIONS

    def __init__(self, run: MadeUpRun) -> None:
        self.run = run
        self._callbacks: list[Callable[[], None]] = []

    @property
    def status(self) -> Header:
        return self.run._status()

    async def ask(self, op: str, **args: Any) -> Reply:
        header, arrays = self.run.do(op, args)
        self.tell()
        return Reply(header, arrays, b"")

    def tell(self) -> None:
        for callback in list(self._callbacks):
            callback()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def watch(self) -> Callable[[], None]:
        return lambda: None


def make_app(run: MadeUpRun) -> FastAPI:
    """Return the page before a run."""
    app = FastAPI()
    link = MadeUpLink(run)
    app.mount("/assets/autoencoder", StaticFiles(directory=CODE_ASSETS))
    app.mount("/assets", StaticFiles(directory=ASSETS))

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        sent = None
        try:
            while True:
                message = json.loads(await socket.receive_text())
                if "ready" not in message:
                    await socket.send_bytes(_answer(run, message))
                    link.tell()
                    continue
                await asyncio.sleep(0.05)
                header, arrays = run.do("frame", {"kinds": message["ready"]["kinds"]})
                await socket.send_bytes(pack({"type": "frame", **header, "status": run._status()}, arrays))
                if sent != (run.run, run.steps):
                    sent = run.run, run.steps
                    await socket.send_bytes(pack({"type": "curve", **run._curve()}, {}))
        except (WebSocketDisconnect, RuntimeError, OperationRefused):
            pass

    build_code_page(link)  # type: ignore[arg-type]
    ui.run_with(app, tailwind=False, show_welcome_message=False)
    return app


def _answer(run: MadeUpRun, message: dict[str, Any]) -> bytes:
    known = {"type": "reply", "id": message["id"]}
    try:
        header, arrays = run.do(message["op"], message["args"])
    except (OperationRefused, ValueError) as error:
        return pack({**known, "error": str(error)}, {})
    return pack({**known, **header}, arrays)


@functools.cache
def served() -> tuple[MadeUpRun, str]:
    """Serve a page on a free port until the process ends, which can have only one; gives run and address."""
    run = MadeUpRun()
    server = uvicorn.Server(uvicorn.Config(make_app(run), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server of the page did not start"
        thread.join(0.01)
    return run, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


@contextmanager
def visit(chromium: Browser, width: int = 1600, height: int = 1000) -> Iterator[Page]:
    """Open the page before a run that begins anew; there must be no errors on it, nor requests elsewhere."""
    run, address = served()
    run.begin(seed=7)
    run.asked.clear()
    page = chromium.new_page(viewport={"width": width, "height": height})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if _is_foreign(request.url) else None)
    page.goto(address)
    expect(page.get_by_test_id("image-error-7")).to_have_text("0.08000")
    yield page
    page.context.close()
    assert not problems


def _is_foreign(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https", "ws") and urlsplit(url).hostname != "127.0.0.1"
