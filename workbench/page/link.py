"""The handle on the process that trains, for the event loop of the server: it never blocks the loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from workbench.errors import OperationError
from workbench.exit_status import FAILED
from workbench.page.frames import SharedFrames
from workbench.page.process import Peer, Process, Reply
from workbench.page.refusals import OperationRefused, StartFailed
from workbench.run.messages import Header, pack
from workbench.run.operations import (
    CLASS_OPERATIONS,
    CLIP_OPERATIONS,
    GAN_OPERATIONS,
    OPERATIONS,
    Operation,
    check,
)
from workbench.run.requests import CLOSE, Request
from workbench.run.throttle import UNREQUESTED
from workbench.run.worker import Launch

UNANSWERED_LIMIT = 900
"""Requests without an answer; fewer than the worker takes in, so that it always hears the last one."""

STATUS_PERIOD = 0.25
"""Seconds between two requests for the status while somebody watches."""

EVERY_OPERATION = {**OPERATIONS, **GAN_OPERATIONS, **CLIP_OPERATIONS, **CLASS_OPERATIONS}
"""Operations that a run in another program may have."""

DOING = {
    "step": "Training one step",
    "snapshot": "Saving",
    "rewind": "Rewinding",
    "reset": "Starting again",
    "load_model": "Loading the model",
    "choose_input": "Loading the data",
}
"""What the status says while the process is at a command that may take long, under "doing"."""

QUICK_SECONDS = 0.2
"""After which this is said."""

CLOSE_SECONDS = 60.0
"""How long the end of a step and saving may take."""

CHANGES = (
    "run",
    "state",
    "starting",
    "doing",
    "message",
    "settings",
    "snapshots",
    "clamps",
    "locks",
    "weight_locks",
    "changes",
)
"""Fields of the status whose changes listeners hear of; the others change all the time."""

LOST = "the training process has ended unexpectedly: the terminal may say why"

ENDED = "the training process was ended from outside, and has saved"

logger = logging.getLogger(__name__)


class Link:
    """The process that trains, as seen from one event loop.

    Attributes
    ----------
    status
        The last one seen; empty before `start`. Its state is "lost" once the process is gone.
    ready
        What the process sent about the run when it had opened it.
    operations
        What can be asked of the run, by name.
    unrequested
        The newest of every kind of message that comes with frames by itself, by type.
    lost
        Set when the process has ended without `close`, which says whether it saved.
    ended
        Set when the run is over; the status has the state "ended" and the reason as its message.
    """

    def __init__(self) -> None:
        self.status: Mapping[str, Any] = {}
        self.ready: Header = {}
        self.unrequested: dict[str, Reply] = {}
        self.lost, self.ended = asyncio.Event(), asyncio.Event()
        self._process: Peer | None = None
        self.operations: Mapping[str, Operation] = OPERATIONS
        self._opened: asyncio.Future[Header] | None = None
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._frames = SharedFrames(self._fetch_frame)
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._watchers: set[object] = set()
        self._polling: asyncio.Task[None] | None = None
        self._closing = self._ended = False
        self._close_reply: Header = {}
        self._status_time = 0.0
        self._overview: tuple[object, Reply] | None = None

    @property
    def process_number(self) -> int | None:
        """Of the process in the system; None before `start`."""
        return None if self._process is None else self._process.number

    async def start(self, launch: Launch) -> Header:
        """Start the process and return what it says about the run when it is ready.

        Raises
        ------
        StartFailed
            When the run cannot be opened; the process has ended then.
        """
        self.operations = launch.operations
        return await self._open(partial(Process, launch))

    async def attach(self, connection: Connection) -> Header:
        """Connect to a process that has a run open already, and return what it sends about the run.

        Raises
        ------
        StartFailed
            When it ends before that.
        """
        ready = await self._open(partial(Peer, connection))
        self.operations = {name: EVERY_OPERATION[name] for name in ready["operations"]}
        return ready

    async def _open(self, begin: Callable[[Callable[[Reply], None], Callable[[], None]], Peer]) -> Header:
        """Connect, and wait until the run is ready."""
        loop = asyncio.get_running_loop()
        self._opened = loop.create_future()

        def call_in_loop(function: Callable[..., None], *arguments: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(function, *arguments)

        self._process = begin(
            lambda reply: call_in_loop(self._receive, reply), lambda: call_in_loop(self._end)
        )
        try:
            self.ready = await self._opened
        except asyncio.CancelledError:
            self._closing = True
            self._process.stop()  # nothing is trained yet
            raise
        self._update_status(self.ready["status"])
        header = {"type": "reply", **self.ready["overview"]}
        self._overview = self._session, Reply(header, {}, pack(header, {}))
        return self.ready

    async def ask(self, op: str, /, **args: Any) -> Reply:
        """Request an operation of the run, see `workbench.run.operations`, and return its reply.

        An overview that is known is returned at once, so that a page can be opened during a long step.

        Raises
        ------
        OperationRefused
            When it was not done.
        """
        try:
            checked = check(op, args, self.operations)
        except OperationError as error:
            raise OperationRefused(str(error)) from None
        if op == "frame":
            return await self.frame(checked["kinds"])
        if op == "overview":
            return await self._read_overview()
        return await self._request(op, checked)

    async def frame(self, kinds: Collection[str], after: int | None = None) -> Reply:
        """Return the next frame; it has these kinds, and those that other viewers wait for.

        Its header has the status, and `message` is what a browser is sent. The header has "unchanged", and
        nothing else is there, when nothing has changed since the frame whose "version" was `after`.

        Raises
        ------
        OperationRefused
            When there is none.
        """
        return await self._frames.next(kinds, after)

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back whenever the run or its settings have changed; return a function that ends this.

        Changes are noticed in the status: see `watch`.
        """
        key = object()
        self._callbacks[key] = callback
        return lambda: self._callbacks.pop(key, None) and None

    def watch(self) -> Callable[[], None]:
        """Keep the status up to date for a viewer; return a function that ends this."""
        key = object()
        self._watchers.add(key)
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll_status())
        return lambda: self._watchers.discard(key)

    async def close(self) -> Header:
        """Let the process save and end; return its last message, with "error" if it could not save.

        A process that takes longer than CLOSE_SECONDS is stopped.
        """
        process, self._closing = self._process, True
        if process is None:
            return {}
        self._watchers.clear()
        if not self._close_reply:
            self._close_reply = await self._ask_to_close()
        await asyncio.to_thread(process.end)
        return self._close_reply

    async def _ask_to_close(self) -> Header:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                return (await self._request(CLOSE, {})).header
        except OperationRefused as error:
            return {"error": str(error)}
        except TimeoutError:
            return {"error": f"the training process did not end within {CLOSE_SECONDS:.0f} seconds"}

    def announce_end(self, message: str) -> None:
        """Tell all viewers that the run is over, and why; their pages stay as they are."""
        self._update_status({**self.status, "state": "ended", "message": message})
        self.ended.set()

    def abandon(self) -> None:
        """Disconnect without waiting: the process saves and ends by itself."""
        self._closing = True
        if self._process is not None:
            self._process.hang_up()

    async def _request(self, op: str, args: dict[str, Any]) -> Reply:
        if self._process is None or self._ended:
            raise OperationRefused(LOST)
        if len(self._waiting) >= UNANSWERED_LIMIT and op != CLOSE:
            raise OperationRefused(f"{op}: {UNANSWERED_LIMIT} requests are waiting already; try again later")
        self._number += 1
        answer = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        self._process.send(Request(self._number, op, args))
        reply = await (self._noted(DOING[op], answer) if op in DOING else answer)
        if "error" in reply.header:
            raise OperationRefused(reply.header["error"])
        if op == "status":
            self._update_status(reply.header)
        return reply

    async def _noted(self, doing: str, answer: asyncio.Future[Reply]) -> Reply:
        """Wait for an answer; the status says what is being done when that takes long."""
        note = asyncio.get_running_loop().call_later(
            QUICK_SECONDS, lambda: self._update_status({**self.status, "doing": doing})
        )
        try:
            return await answer
        finally:
            note.cancel()
            if self.status.get("doing"):
                self._update_status({**self.status, "doing": ""})

    async def _fetch_frame(self, kinds: list[str], after: int | None) -> Reply:
        reply = await self._request("frame", {"kinds": kinds, "after": after})
        self._update_status(reply.header["status"])
        return reply

    @property
    def _session(self) -> object:
        """What an overview depends on: the session and its settings."""
        return self.status.get("run"), self.status.get("settings")

    async def _read_overview(self) -> Reply:
        session = self._session
        if self._overview is None or self._overview[0] != session or self._ended:
            self._overview = session, await self._request("overview", {})
        return self._overview[1]

    async def _poll_status(self) -> None:
        """Request the status as long as somebody watches and no frame brings it."""
        time = asyncio.get_running_loop().time
        while self._watchers and not self._ended:
            pause = self._status_time + STATUS_PERIOD - time()
            if pause > 0:
                await asyncio.sleep(pause)
                continue
            try:
                await self._request("status", {})
            except (
                OperationRefused
            ):  # refused at once when many wait: without a pause this would be a busy loop
                await asyncio.sleep(STATUS_PERIOD)

    def _receive(self, reply: Reply) -> None:
        """Handle a message; called in the loop."""
        header = reply.header
        if header["type"] in UNREQUESTED:
            self.unrequested[header["type"]] = reply
        elif header["type"] == "ready":
            self._settle(self._opened, header)
        elif header["type"] == "ended":
            self.announce_end(header["message"])
        elif header["type"] == "failed":
            self._closing = True
            self._settle(self._opened, StartFailed(header["status"], header["text"]))
        else:
            if header["type"] == "closed":
                self._close_reply = header
            self._settle(self._waiting.pop(header["id"], None), reply)

    def _end(self) -> None:
        """Handle the end of the process; called in the loop."""
        self._ended = True
        self._settle(self._opened, StartFailed(FAILED, LOST))
        if not self._closing:
            self.lost.set()
            if not self.ended.is_set():
                message = ENDED if self._close_reply else LOST
                self._update_status({**self.status, "state": "lost", "message": message})
        why = self.status["message"] if self.ended.is_set() else LOST
        for answer in self._waiting.values():
            self._settle(answer, OperationRefused(why))
        self._waiting.clear()

    @staticmethod
    def _settle(future: asyncio.Future[Any] | None, result: object) -> None:
        if future is None or future.done():
            return
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)

    def _update_status(self, status: Mapping[str, Any]) -> None:
        before, self.status = self.status, status
        self._status_time = asyncio.get_running_loop().time()
        if all(before.get(key) == status.get(key) for key in CHANGES):
            return
        for callback in list(self._callbacks.values()):
            try:
                callback()
            except Exception:
                logger.exception("a listener failed")
