"""The websocket to the run, without a network: messages to and from one viewer."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from tests.support import patience

pytest.importorskip("nicegui")

from starlette.websockets import WebSocket

from tests.support.web_link import FakeLink, make_reply
from workbench.page.channel import RETRY_SECONDS, BadMessage, Channel, OperationRequest, Ready, read
from workbench.page.limits import Limits
from workbench.run.messages import unpack

PATIENCE = patience.SECONDS


class Viewer:
    """The other end of a websocket."""

    def __init__(self, link: FakeLink, **limits: Any) -> None:
        self.link = link
        self._incoming: asyncio.Queue[Any] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = False
        self._incoming.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/live", "headers": []}
        socket = WebSocket(scope, self._incoming.get, self._send)
        self.serving = asyncio.create_task(Channel(socket, link, Limits(**limits)).run())

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        if self.gone:
            raise OSError("the viewer has gone")
        self._outgoing.put_nowait(message)

    def say(self, message: Any) -> None:
        """Send a message; a string is sent unchanged."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})

    def ask(self, number: int, op: str, **args: Any) -> None:
        """Send a request."""
        self.say({"id": number, "op": op, "args": args})

    def ready(self, *kinds: str) -> None:
        """Send that the viewer is ready for a frame."""
        self.say({"ready": {"kinds": list(kinds)}})

    async def raw(self) -> Any:
        """Return the next message of ASGI."""
        return await asyncio.wait_for(self._outgoing.get(), PATIENCE)

    async def hear(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return header and arrays of the next message."""
        return unpack((await self.raw())["bytes"])

    @property
    def silent(self) -> bool:
        """Whether every message that was sent has been received."""
        return self._outgoing.empty()

    async def leave(self) -> None:
        """Disconnect, and wait until the channel has ended."""
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.serving, PATIENCE)


def with_viewer(talk: Callable[[Viewer], Awaitable[None]], **limits: Any) -> None:
    async def run() -> None:
        viewer = Viewer(FakeLink(), **limits)
        assert await viewer.raw() == {"type": "websocket.accept", "subprotocol": None, "headers": []}
        await talk(viewer)
        await viewer.leave()

    asyncio.run(run())


async def settle() -> None:
    """Let all pending tasks run."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_requests_are_answered_with_their_own_numbers():
    async def talk(viewer: Viewer) -> None:
        args = {"self": 1, "op": "x", "kinds": ["values"]}
        viewer.say({"id": 41, "op": "echo", "args": args})
        header, arrays = await viewer.hear()
        assert header == {"type": "reply", "id": 41, "args": args}
        assert arrays["numbers"].tolist() == [0, 1, 2]
        viewer.say({"id": 0, "op": "status"})
        assert (await viewer.hear())[0]["state"] == "idle"

    with_viewer(talk)


def test_what_goes_wrong_is_said(caplog):
    async def talk(viewer: Viewer) -> None:
        viewer.ask(1, "nothing")
        assert (await viewer.hear())[0] == {"type": "reply", "id": 1, "error": "no operation 'nothing'"}
        assert not caplog.records
        viewer.ask(2, "fail")
        assert (await viewer.hear())[0] == {
            "type": "reply",
            "id": 2,
            "error": "internal error: see the terminal",
        }
        assert [record.message for record in caplog.records] == ["fail failed"]

    with_viewer(talk)


def test_requests_are_done_one_after_another():
    async def talk(viewer: Viewer) -> None:
        viewer.ask(1, "wait")
        viewer.ask(2, "status")
        await settle()
        assert viewer.link.asked == ["wait"] and viewer.silent
        viewer.link.go_on.set()
        assert [(await viewer.hear())[0]["id"] for _ in range(2)] == [1, 2]

    with_viewer(talk)


def test_commands_are_passed_on_while_looks_wait():
    async def talk(viewer: Viewer) -> None:
        for number, op in enumerate(["wait", "status", "stop", "stop"]):
            viewer.ask(number, op)
        await settle()
        assert viewer.link.asked == ["wait", "stop", "stop"]
        viewer.link.go_on.set()
        assert {(await viewer.hear())[0]["id"] for _ in range(4)} == {0, 1, 2, 3}

    with_viewer(talk)


def test_a_long_command_is_told_of_without_a_request():
    async def talk(viewer: Viewer) -> None:
        await settle()
        for doing in ("Loading the data", ""):
            viewer.link.status = {**viewer.link.status, "doing": doing}
            viewer.link.callbacks[0]()
            assert (await viewer.hear())[0]["doing"] == doing
            viewer.link.callbacks[0]()
            await settle()
            assert viewer.silent

    with_viewer(talk)


def test_commands_outlive_the_viewer():
    async def talk(viewer: Viewer) -> None:
        viewer.gone = True
        viewer.ready("values")  # cannot be sent any more
        for number, op in enumerate(["wait", "status", "stop", "stop"]):
            viewer.ask(number, op)
        await viewer.leave()
        assert viewer.link.asked == ["wait", "stop", "stop"]

    with_viewer(talk)


def test_nothing_comes_unasked_and_one_frame_when_ready():
    async def talk(viewer: Viewer) -> None:
        await settle()
        assert viewer.silent and viewer.link.frames == 0
        for number in (1, 2):
            viewer.ready("values")
            header, arrays = await viewer.hear()
            assert header["type"] == "frame" and header["number"] == number and "values" in arrays
            await settle()
            assert viewer.silent and viewer.link.frames == number

    with_viewer(talk)


def test_a_frame_comes_when_something_has_changed_or_is_wanted():
    async def talk(viewer: Viewer) -> None:
        viewer.link.version = 1
        for kind in ("values", "signals"):
            viewer.ready(kind)
            assert (await viewer.hear())[0]["kinds"] == [kind]
            viewer.ready(kind)
            while viewer.link.skipped < 3:
                await asyncio.sleep(0.001)
            assert viewer.silent
            if kind == "values":
                viewer.link.skipped = 0
        viewer.link.version = 2
        assert (await viewer.hear())[0]["version"] == 2

    with_viewer(talk)


def test_a_viewer_that_comes_before_the_first_step_is_told_that_the_run_starts():
    async def run() -> None:
        link = FakeLink()
        link.status = {**link.status, "state": "training", "starting": True}
        viewer = Viewer(link)
        await viewer.raw()
        header, _ = await viewer.hear()
        assert (header["type"], header["state"], header["starting"]) == ("status", "training", True)
        await viewer.leave()

    asyncio.run(run())


def test_a_viewer_that_changes_its_mind_gets_one_frame_of_what_it_wants_now():
    async def talk(viewer: Viewer) -> None:
        viewer.ready("late")
        await settle()
        viewer.ready("signals")
        await settle()
        viewer.link.go_on.set()
        header, _ = await viewer.hear()
        assert header["kinds"] == ["signals"]
        await settle()
        assert viewer.silent

    with_viewer(talk)


def test_a_slow_viewer_has_one_frame_under_way_and_no_other_waits_for_it():
    async def talk(viewer: Viewer) -> None:
        other = Viewer(viewer.link)
        await other.raw()
        viewer.reads.clear()
        for _ in range(100):
            viewer.ready("values")
        await settle()
        assert viewer.link.frames <= 2 and viewer.silent
        other.ready("values")
        assert (await other.hear())[0]["type"] == "frame"
        await other.leave()
        viewer.reads.set()

    with_viewer(talk)


def test_a_new_curve_comes_with_a_frame_once():
    async def talk(viewer: Viewer) -> None:
        viewer.link.unrequested["curve"] = make_reply({"steps": [1]})._replace(message=b"first")
        for expected in ([b"first"], [], [b"second"]):
            if expected == [b"second"]:
                viewer.link.unrequested["curve"] = make_reply({"steps": [1, 2]})._replace(message=b"second")
            viewer.ready("values")
            assert (await viewer.hear())[0]["type"] == "frame"
            await settle()
            assert [(await viewer.raw())["bytes"] for _ in range(1 - viewer.silent)] == expected

    with_viewer(talk)


def test_a_frame_that_is_refused_brings_the_status_and_is_tried_again(monkeypatch):
    monkeypatch.setattr("workbench.page.channel.RETRY_SECONDS", RETRY_SECONDS / 100)

    async def talk(viewer: Viewer) -> None:
        viewer.link.refusing = True
        viewer.link.status = {"state": "lost"}
        viewer.ready("values")
        assert (await viewer.hear())[0] == {"type": "status", "state": "lost"}
        viewer.link.refusing = False
        while (header := (await viewer.hear())[0])["type"] == "status":
            pass
        assert header["type"] == "frame"

    with_viewer(talk)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        *(
            ("{", 1008),
            ("[]", 1008),
            ("1", 1008),
            ('{"id": 1}', 1008),
            ('{"id": true, "op": "status"}', 1008),
        ),
        *(('{"id": 1, "op": "status", "more": 1}', 1008), ('{"ready": {"kinds": "values"}}', 1008)),
        *(
            ('{"id": 1.5, "op": "status"}', 1008),
            ("[" * 50_000, 1008),
            ('{"id": 1, "op": "%s"}' % ("x" * 65), 1008),
        ),
        (" " * 2000, 1009),
    ],
)
def test_what_cannot_be_understood_closes(message, code, caplog):
    async def talk(viewer: Viewer) -> None:
        viewer.say(message)
        assert await viewer.raw() == {"type": "websocket.close", "code": code, "reason": ""}
        await asyncio.wait_for(viewer.serving, PATIENCE)

    with_viewer(talk, live_bytes=1000 if code == 1009 else 2**20)
    assert not caplog.records


def test_bytes_close():
    async def talk(viewer: Viewer) -> None:
        viewer._incoming.put_nowait({"type": "websocket.receive", "bytes": b"{}"})
        assert (await viewer.raw())["code"] == 1003

    with_viewer(talk)


@pytest.mark.parametrize("limits", [{"live_requests": 4}, {"live_waiting_bytes": 4 * 40}])
def test_too_many_waiting_requests_close(limits):
    async def talk(viewer: Viewer) -> None:
        for number in range(5):
            viewer.ask(number, "wait")
            await settle()
        assert viewer.silent
        viewer.ask(5, "wait")
        assert (await viewer.raw())["code"] == 1008

    with_viewer(talk, **limits)


def test_a_viewer_that_goes_leaves_nothing_behind():
    async def run() -> None:
        viewer = Viewer(FakeLink())
        await viewer.raw()
        viewer.ask(1, "wait")
        viewer.ready("late")
        await settle()
        await viewer.leave()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_messages_are_read_strictly():
    assert read('{"id": 3, "op": "walk", "args": {"action": "next"}}') == OperationRequest(
        id=3, op="walk", args={"action": "next"}
    )
    assert read('{"ready": {"kinds": []}}') == Ready.model_validate({"ready": {"kinds": []}})
    for text in (
        '{"id": 1, "op": "x", "args": {"a": NaN}}',
        '{"ready": {"kinds": [1]}}',
        '{"ready": {}, "id": 1}',
        "",
    ):
        with pytest.raises(BadMessage):
            read(text)
