"""Checks the messages to the page's framework over its websocket: it trusts its pages, and nothing here does.

Malformed messages would do no harm but fill the terminal with tracebacks, and polling for messages would be a
second way in; both are refused here.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, Json, TypeAdapter, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.page.answers import refuse

PATH = "/_nicegui_ws/socket.io/"

PACKET = re.compile(r"3|1|40|40\{.*|41|42[0-9]{0,9}(?P<event>\[.*)", re.DOTALL)
"""A pong and a goodbye of Engine.IO; connecting, disconnecting and an event of Socket.IO."""

POLICY_VIOLATION = 1008


class _Contents(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)
    client_id: str


class Handshake(_Contents):
    """A page says which one it is."""

    tab_id: str
    document_id: str
    old_tab_id: str | None = None
    next_message_id: int | None = None


class Event(_Contents):
    """Something happened to an element."""

    id: int
    listener_id: str
    args: list[Json[Any] | None] = Field(default_factory=list)


class Response(_Contents):
    """What some script returned."""

    request_id: str


class Acknowledged(_Contents):
    """The page has what came before a message."""

    next_message_id: int


EVENTS: dict[str, type[_Contents]] = {
    "handshake": Handshake,
    "event": Event,
    "javascript_response": Response,
    "ack": Acknowledged,
}

IGNORED = "log"
"""An event with lines for the terminal: nothing from outside is written there."""

INTEGER = TypeAdapter(int)


class CheckedMessages:
    """ASGI middleware: closes the framework's websocket at the first message that it would not understand.

    Parameters
    ----------
    app
        What has the websocket.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and what is well formed of its messages."""
        if scope["type"] != "websocket" or scope["path"] != PATH:
            await self.app(scope, receive, send)
            return
        if not is_query(scope["query_string"]):
            await refuse(scope, send, 400, "Not a connection of a page.")
            return

        async def receive_checked() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                event = read(message.get("text"))
                if event is None:
                    await send({"type": "websocket.close", "code": POLICY_VIOLATION})
                    return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
                if event != IGNORED:
                    return message

        await self.app(scope, receive_checked, send)


def is_query(query: bytes) -> bool:
    """Say whether this is what a page asks for when it connects."""
    try:
        given = parse_qs(query.decode("ascii"), strict_parsing=True, max_num_fields=32)
    except ValueError:
        return False
    if given.get("EIO") != ["4"] or given.get("transport") != ["websocket"] or {"sid", "j"} & given.keys():
        return False
    fields: dict[str, Any] = {name: values[0] for name, values in given.items()}
    try:
        number = fields.get("next_message_id")
        fields["next_message_id"] = None if number is None else INTEGER.validate_strings(number)
        Handshake.model_validate(fields)
    except ValidationError:
        return False
    return True


def read(text: str | None) -> str | None:
    """Return the event of a message by name, "" for other packets; None for malformed messages."""
    packet = PACKET.fullmatch(text or "")
    if packet is None:
        return None
    if packet["event"] is None:
        return ""
    try:
        name, contents = json.loads(packet["event"])
        if name != IGNORED:
            EVENTS[name].model_validate(contents)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return str(name)
