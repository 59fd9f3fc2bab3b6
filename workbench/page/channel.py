"""The websocket of one viewer: operations it requests, and frames when it is ready.

Commands are passed on at once, and are done even when the viewer has gone; what only looks is asked one after
another.

Except for the end of the run nothing is sent without a request, so that a page that is slow, hidden or gone
costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import INTERNAL_ERROR
from workbench.page.limits import Limits
from workbench.page.link import Link
from workbench.page.process import Reply
from workbench.page.refusals import OperationRefused
from workbench.run.messages import pack

RETRY_SECONDS = 1.0
"""Pause after a frame was refused, before the next is requested."""

WRONG_KIND, BAD, TOO_LARGE = 1003, 1008, 1009
"""Codes that close a websocket (RFC 6455, section 7.4.1)."""

logger = logging.getLogger(__name__)


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class OperationRequest(_Message):
    """A request for an operation, and the number of its reply."""

    id: int = Field(ge=0, lt=2**53)
    op: str = Field(max_length=64)
    args: dict[str, Any] = Field(default_factory=dict)


class FrameRequest(_Message):
    """The kinds of numbers that the next frame should have."""

    kinds: list[Annotated[str, Field(max_length=64)]] = Field(max_length=16)


class Ready(_Message):
    """The viewer is done with the frame before."""

    ready: FrameRequest


class BadMessage(Exception):  # noqa: N818 - what came
    """A message that cannot be understood, or one too many.

    Attributes
    ----------
    code
        Closes the websocket.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Channel:
    """One viewer.

    Parameters
    ----------
    socket
        Its websocket, not accepted yet.
    link
        To the run.
    limits
        On the length of messages and the number that wait.
    """

    def __init__(self, socket: WebSocket, link: Link, limits: Limits) -> None:
        self._socket, self._link, self._limits = socket, link, limits
        self._requests: asyncio.Queue[tuple[OperationRequest, int]] = asyncio.Queue(limits.live_requests)
        self._commands: set[asyncio.Task[None]] = set()
        self._waiting_bytes = 0
        self._frame_kinds: list[str] | None = None
        self._frame_requested = asyncio.Event()
        self._sent: dict[str, Reply] = {}

    async def run(self) -> None:
        """Serve the viewer until it disconnects."""
        await self._socket.accept()
        try:
            if self._link.status.get("starting"):  # the run answers after its first step, which is compiled
                await self._send_status()
            async with asyncio.TaskGroup() as group:
                others = [
                    group.create_task(work)
                    for work in (
                        *(self._answer_requests(), self._send_frames()),
                        *(self._announce_end(), self._send_what_is_done()),
                    )
                ]
                await self._listen(group)
                for other in (*others, *self._commands):
                    other.cancel()  # a command is on its way to the run by now, and only its answer is not
        except* BadMessage as errors:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.close(_first(errors).code)
        except* WebSocketDisconnect:
            pass

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is None:
                raise BadMessage(WRONG_KIND, "a message that is not text")
            self._take(message["text"], group)
            await asyncio.sleep(0)  # a command is passed on before its viewer may be seen to have gone

    def _take(self, text: str, group: asyncio.TaskGroup) -> None:
        if len(text) > self._limits.live_bytes:
            raise BadMessage(TOO_LARGE, "a message that is too long")
        message = read(text)
        if isinstance(message, Ready):
            self._frame_kinds = message.ready.kinds
            self._frame_requested.set()
            return
        waiting = max(self._requests.qsize(), len(self._commands))
        self._waiting_bytes += len(text)
        if waiting >= self._limits.live_requests or self._waiting_bytes > self._limits.live_waiting_bytes:
            raise BadMessage(BAD, "too many requests wait")
        if not self._is_command(message.op):
            self._requests.put_nowait((message, len(text)))
            return
        command = group.create_task(self._answer_command(message, len(text)))
        self._commands.add(command)
        command.add_done_callback(self._commands.discard)

    def _is_command(self, op: str) -> bool:
        return op in self._link.operations and self._link.operations[op].commands

    async def _answer_requests(self) -> None:
        while True:
            request, size = await self._requests.get()
            self._waiting_bytes -= size
            await self._send(await self._perform(request))

    async def _answer_command(self, request: OperationRequest, size: int) -> None:
        answer = await self._perform(request)
        self._waiting_bytes -= size
        await self._send(answer)

    async def _perform(self, request: OperationRequest) -> bytes:
        try:
            reply = await self._link.ask(request.op, **request.args)
            return pack({**reply.header, "type": "reply", "id": request.id}, reply.arrays)
        except OperationRefused as error:
            text = str(error)
        except Exception:
            logger.exception("%s failed", request.op)
            text = INTERNAL_ERROR
        return pack({"type": "reply", "id": request.id, "error": text}, {})

    async def _send_frames(self) -> None:
        seen: tuple[list[str] | None, int | None] = None, None
        while True:
            await self._frame_requested.wait()
            kinds = self._frame_kinds
            try:
                frame = await self._link.frame(kinds or [], seen[1] if kinds == seen[0] else None)
            except OperationRefused:
                await self._send_status()
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if kinds != self._frame_kinds:
                continue  # the viewer wants something else by now, and waits for one frame only
            if frame.header.get("unchanged"):
                await self._send_unrequested()
                continue
            seen = kinds, frame.header.get("version")
            self._frame_kinds = None
            self._frame_requested.clear()
            await self._send(frame.message)
            await self._send_unrequested()

    async def _announce_end(self) -> None:
        """Send the status when the run is over, without a request: later nothing would answer one."""
        await self._link.ended.wait()
        await self._send_status()

    async def _send_what_is_done(self) -> None:
        """Send the status when a long command begins and ends, without a request: no frame brings it."""
        changed, doing = asyncio.Event(), self._link.status.get("doing")
        stop = self._link.on_change(changed.set)
        try:
            if doing:
                await self._send_status()
            while True:
                await changed.wait()
                changed.clear()
                if doing != self._link.status.get("doing"):
                    doing = self._link.status.get("doing")
                    await self._send_status()
        finally:
            stop()

    async def _send_status(self) -> None:
        await self._send(pack({**self._link.status, "type": "status"}, {}))

    async def _send(self, message: bytes) -> None:
        """Send a message, unless the viewer has gone: what it said before that is still read."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.send_bytes(message)

    async def _send_unrequested(self) -> None:
        """Send the curve, and what else the training process sends by itself, when it is new."""
        for kind, reply in self._link.unrequested.items():
            if self._sent.get(kind) is not reply:
                self._sent[kind] = reply
                await self._send(reply.message)


def read(text: str) -> OperationRequest | Ready:
    """Parse a message of a viewer.

    Raises
    ------
    BadMessage
        When it is not one.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if isinstance(value, dict) and "ready" in value:
            return Ready.model_validate(value)
        return OperationRequest.model_validate(value)
    except (ValidationError, ValueError, RecursionError) as error:
        raise BadMessage(BAD, "no message") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _first(errors: BaseExceptionGroup[BadMessage]) -> BadMessage:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, BadMessage)
    return error
