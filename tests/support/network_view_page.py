"""A page with nothing but the network view, before a made-up run, in a browser."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nicegui
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

import workbench.page
from tests.support.network_view_run import FakeRun
from tests.support.web_browser import Browser, Page

WEB = Path(workbench.page.__file__).parent
VUE = Path(nicegui.__file__).parent / "static" / "vue.esm-browser.prod.js"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>network</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/theme.css">
<style>body { margin: 0; padding: 12px; background: var(--ganglion-background); color: var(--ganglion-ink);
font: 14px/1.4 Roboto, Arial, sans-serif }
#app { background: var(--ganglion-surface); height: calc(100vh - 24px) }</style></head>
<body><div id="app"></div><script type="importmap">{"imports": {"vue": "/vue.js"}}</script>
<script type="module">
import { createApp, h } from "vue";
import NetworkView from "/network_view.js";
window.events = [];
const record = (name) => (value) => window.events.push([name, value]);
createApp({ render: () => h(NetworkView, { ref: "view", kind: "values",
  onChooseNeuron: record("neuron"), onChooseConnection: record("connection") }),
  mounted() { window.view = this.$refs.view; } }).mount("#app");
</script></body></html>"""


def make_app(run: FakeRun, rate: float = 20) -> Starlette:
    """Return the page and its run; `rate` is the most frames a second."""
    sockets: set[WebSocket] = set()

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        sockets.add(socket)
        try:
            while True:
                message = json.loads(await socket.receive_text())
                run.note(message)
                if "ready" in message:
                    await asyncio.sleep(1 / rate)
                    frame = run.frame(message["ready"]["kinds"])
                    await socket.send_bytes(bytes(8) if run.garbled else frame)
                    run.garbled = False
                elif not run.silent:
                    await socket.send_bytes(run.reply(message))
        except (WebSocketDisconnect, RuntimeError):
            sockets.discard(socket)

    async def drop(request: Any) -> HTMLResponse:
        for socket in list(sockets):
            await socket.close()
        return HTMLResponse("")

    return Starlette(routes=[
        Route("/", lambda request: HTMLResponse(PAGE)),
        Route("/drop", drop),
        Route("/vue.js", lambda request: FileResponse(VUE)),
        Route("/network_view.js", lambda request: FileResponse(WEB / "network_view.js")),
        Mount("/assets", StaticFiles(directory=WEB / "static")),
        WebSocketRoute("/live", live),
    ])  # fmt: skip


@contextmanager
def serving(run: FakeRun) -> Iterator[str]:
    """Serve the page of a run on a free port; gives its address."""
    config = uvicorn.Config(make_app(run), port=0, log_level="critical", lifespan="off", loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server of the page did not start"
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server of the page did not stop"


class View:
    """The network view on an open page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas = page.get_by_test_id("network")

    def wait(self, condition: str, argument: Any = None) -> None:
        """Wait until a condition in JavaScript on `network` and `argument` is true."""
        self.page.wait_for_function(
            f"(argument) => {{ const {{ network }} = view; return {condition}; }}", arg=argument
        )

    def wait_for_frames(self, more: int = 2) -> None:
        before = int(self.canvas.get_attribute("data-frames") or 0)
        self.wait("network.canvas.dataset.frames >= argument", before + more)

    def hold_still(self, run: FakeRun) -> np.ndarray:
        """Stop the numbers and return the values that are drawn."""
        run.moves = False
        self.wait_for_frames(3)
        return np.concatenate([run.values(layer, "values").ravel() for layer in range(len(run.shapes))])

    def look(self, expression: str) -> Any:
        """What there is in the view."""
        return self.page.evaluate(f"() => {{ const {{ network }} = view; return {expression}; }}")

    def at(self, layer: int, neuron: int) -> tuple[float, float]:
        """Where a neuron is on the page."""
        place = self.canvas.evaluate("(canvas, place) => canvas.cellAt(...place)", [layer, neuron])
        return place["x"], place["y"]

    def events(self) -> list[Any]:
        return self.page.evaluate("events")

    def pixel(self, layer: int, neuron: int) -> list[int]:
        """The colour in the middle of a neuron."""
        x, y = self.at(layer, neuron)
        return self.canvas.evaluate(
            """(canvas, [x, y]) => {
            const box = canvas.getBoundingClientRect();
            const { data } = canvas.getContext("2d").getImageData(x - box.left, y - box.top, 1, 1);
            return [...data].slice(0, 3);
        }""",
            [x, y],
        )


@contextmanager
def opened(browser: Browser, run: FakeRun, width: int = 1100, height: int = 600) -> Iterator[View]:
    """Open the page of a run; any error in it fails the test."""
    with serving(run) as address:
        page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(f"{error} {error.stack}"))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(address)
        view = View(page)
        view.wait("network?.canvas.dataset.frames > 0")
        yield view
        page.close()
        assert not wrong, wrong
