"""A simulated run, as the websocket sees one."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from workbench.page.process import Reply
from workbench.page.refusals import OperationRefused
from workbench.run.messages import pack
from workbench.run.operations import OPERATIONS

FRAME_NUMBERS = 250_000
"""Of a frame: a million bytes, more than a connection takes without its peer reading."""


class FakeLink:
    """Answers a few operations, and gives frames without end.

    Attributes
    ----------
    frames
        How many were given.
    asked
        Operations that were asked for, in order.
    """

    operations = OPERATIONS

    def __init__(self) -> None:
        self.status: dict[str, Any] = {"run": 1, "state": "idle", "settings": {"fit": "crop"}}
        self.unrequested: dict[str, Reply] = {}
        self.frames = self.skipped = 0
        self.callbacks: list[Callable[[], None]] = []
        self.version: int | None = None
        self.asked: list[str] = []
        self.go_on, self.ended, self.lost = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.refusing = False

    async def ask(self, op: str, /, **args: Any) -> Reply:
        """Do an operation: `status`, `echo` its arguments, `wait` or `stop` for the test, or `fail`."""
        self.asked.append(op)
        if op == "status":
            return make_reply(self.status)
        if op == "echo":
            return make_reply({"args": args}, {"numbers": np.arange(3, dtype=np.int32)})
        if op in ("wait", "stop"):
            await self.go_on.wait()
            return make_reply({})
        if op == "fail":
            raise RuntimeError("a fault")
        raise OperationRefused(f"no operation {op!r}")

    async def frame(self, kinds: Collection[str], after: int | None = None) -> Reply:
        """Return a frame, at once or when the test says so."""
        if "late" in kinds:
            await self.go_on.wait()
        if after is not None and after == self.version:
            self.skipped += 1
            await asyncio.sleep(0.001)
            return make_reply({"unchanged": True, "version": after})
        if self.refusing:
            raise OperationRefused("no frame now")
        self.frames += 1
        await asyncio.sleep(0)
        values = np.zeros(FRAME_NUMBERS, np.float32)
        return make_reply(
            {"type": "frame", "kinds": list(kinds), "number": self.frames, "version": self.version},
            {"values": values},
        )

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when a test says so."""
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def announce_end(self, message: str) -> None:
        """Tell viewers that the run is over, and why."""
        self.status = {**self.status, "state": "ended", "message": message}
        self.ended.set()


def make_reply(header: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> Reply:
    """Return the answer of a link."""
    return Reply(header, arrays or {}, pack({"type": "reply", **header}, arrays or {}))
