"""The server of the page: an application with the page's framework inside, behind guards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import mimetypes
import socket
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path

import nicegui
import uvicorn
from fastapi import FastAPI, Request, Response
from nicegui import ui
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope
from starlette.websockets import WebSocket

from workbench.page.address import Address
from workbench.page.admission import Admission
from workbench.page.channel import Channel
from workbench.page.guard import Guard
from workbench.page.limits import LimitedRequests, Limits
from workbench.page.link import Link
from workbench.page.page import build_page
from workbench.page.protocols import LimitedConfig
from workbench.page.socket_messages import CheckedMessages

Upload = Callable[[Request], Awaitable[object]]

STATIC = Path(__file__).parent / "static"

SHUTDOWN_SECONDS = 2
"""How long answers may take to end when the server does."""

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g stroke="#8a8f98" stroke-width="1.6">'
    '<path d="M7 8 25 16M7 16H25M7 24 25 16"/></g><circle cx="7" cy="8" r="4.2" fill="#2166ac"/>'
    '<circle cx="7" cy="16" r="4.2" fill="#92c5de"/><circle cx="7" cy="24" r="4.2" fill="#b2182b"/>'
    '<circle cx="25" cy="16" r="5.2" fill="#d6604d"/></svg>'
)

STOPPED = "the program that shows it was stopped"

END_NOTICE_SECONDS = 0.2
"""Time for the last messages to viewers: that the run is over, and why."""


async def serve(
    link: Link,
    address: Address,
    page: Callable[[Link], None] = build_page,
    limits: Limits | None = None,
    *,
    assets: Mapping[str, Path] | None = None,
) -> None:
    """Serve the page of a run until this is cancelled; print its address when it can be opened.

    Parameters
    ----------
    link
        The run, opened.
    address, limits, assets
        As for `serve_pages`.
    page
        Registers the page at "/".
    """
    limits = limits or Limits()

    async def live(websocket: WebSocket) -> None:
        await Channel(websocket, link, limits).run()

    async def say_goodbye() -> None:
        if not link.ended.is_set():
            link.announce_end(link.status["message"] if link.lost.is_set() else STOPPED)
        await asyncio.sleep(END_NOTICE_SECONDS)

    routes = [WebSocketRoute("/live", live)]
    await serve_pages(address, lambda: page(link), say_goodbye, limits, routes=routes, assets=assets)


async def serve_pages(
    address: Address,
    build: Callable[[], None],
    say_goodbye: Callable[[], Awaitable[None]],
    limits: Limits | None = None,
    *,
    routes: Sequence[BaseRoute] = (),
    assets: Mapping[str, Path] | None = None,
) -> None:
    """Serve pages until this is cancelled; print their address when they can be opened.

    A process can do this once: the page's framework keeps its pages for the whole process.

    Parameters
    ----------
    address
        Where; its socket is closed in the end.
    build
        Registers the page at "/".
    say_goodbye
        Tells whoever has a page open that it is over, before connections are closed.
    limits
        What requests may take.
    routes
        What else is answered.
    assets
        Folders of files that the panels of an application load, by their names under `/assets/`.
    """
    limits = limits or Limits()
    # Errors of uploads are shown on the page, or answered.
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    server = Server(
        LimitedConfig(
            guarded(application(build, limits, routes, assets or {}), address, limits),
            limits,
            interface="asgi3",
            lifespan="on",
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ),
        lambda: print(f"{'page':10} {address.url}", flush=True),
    )
    serving = asyncio.create_task(server.serve(sockets=[address.socket]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        await say_goodbye()
        server.should_exit = True
        await serving
        raise


def application(
    build: Callable[[], None], limits: Limits, routes: Sequence[BaseRoute], assets: Mapping[str, Path]
) -> FastAPI:
    """Return the application without its guards: the page, its files, and other routes."""
    mimetypes.add_type("text/javascript", ".js")
    mimetypes.add_type("text/css", ".css")
    files = [Mount(f"/assets/{name}", Files(directory=folder)) for name, folder in assets.items()]
    served = [*routes, *files, Mount("/assets", Files(directory=STATIC))]
    app = FastAPI(routes=served, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(404, _not_found)
    # The framework's own answer is a page, which takes memory on the server for every wrong address.
    nicegui.app.add_exception_handler(404, _not_found)
    nicegui.app.config.socket_io_js_transports = ["websocket"]
    nicegui.app.post = _take_uploads  # type: ignore[method-assign,assignment]
    build()
    ui.run_with(
        app,
        title="Ganglion",
        favicon=ICON,
        dark=None,
        reconnect_timeout=limits.reconnect_seconds,
        message_history_length=200,
        # Files keep their addresses from one version to the next, so browsers must ask whether they changed.
        cache_control_directives="no-cache",
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
    )
    return app


def guarded(app: ASGIApp, address: Address, limits: Limits) -> ASGIApp:
    """Return an application behind all its middleware."""
    inner = LimitedRequests(Admission(CheckedMessages(app), limits), limits)
    return Guard(inner, address.token, address.authorities, address.port)


class Server(uvicorn.Server):
    """Uvicorn's server, without its signal handlers.

    Parameters
    ----------
    config
        Its configuration.
    started
        Called when the page can be opened.
    """

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer requests."""
        await super().startup(sockets)
        self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Files(StaticFiles):
    """Static files that browsers validate with every request."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _take_uploads(path: str, **_: object) -> Callable[[Upload], Upload]:
    """Register what takes the uploads of one page, as `FastAPI.post` does and the framework asks for.

    FastAPI remembers every function that it was ever given, for speed, and with this one the whole page.
    """

    def register(upload: Upload) -> Upload:
        async def answer(request: Request) -> Response:
            return JSONResponse(await upload(request))

        nicegui.app.add_route(path, answer, methods=["POST"], include_in_schema=False)
        return upload

    return register


async def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("There is nothing here.\n", 404)
