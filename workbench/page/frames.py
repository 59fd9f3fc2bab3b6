"""Frames that all viewers share: one is asked for at a time, for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple

from workbench.page.process import Reply
from workbench.page.refusals import OperationRefused
from workbench.run.operations import KINDS


class Waiting(NamedTuple):
    """A viewer that waits for a frame."""

    kinds: frozenset[str]
    after: int | None
    frame: asyncio.Future[Reply]


class SharedFrames:
    """Asks for frames.

    Parameters
    ----------
    fetch
        Returns a frame of some kinds, or says that nothing has changed since one of some version; or raises
        OperationRefused.
    """

    def __init__(self, fetch: Callable[[list[str], int | None], Awaitable[Reply]]) -> None:
        self._fetch = fetch
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def next(self, kinds: Collection[str], after: int | None = None) -> Reply:
        """Return the next frame that has these kinds.

        The reply has "unchanged" in its header, and no arrays, where there is nothing new since the frame
        whose "version" was `after`.

        Raises
        ------
        OperationRefused
            When there is none.
        """
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown:
            raise OperationRefused(f"no kind {unknown[0]!r}: there are {', '.join(KINDS)}")
        waiting = Waiting(frozenset(kinds), after, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve())
        return await waiting.frame

    async def _serve(self) -> None:
        while self._waiting:
            kinds = frozenset[str]().union(*(each.kinds for each in self._waiting))
            seen = {each.after for each in self._waiting}
            try:
                frame = await self._fetch(sorted(kinds), seen.pop() if len(seen) == 1 else None)
            except OperationRefused as error:
                self._refuse(str(error))
                return
            served = [each for each in self._waiting if is_for(each, frame, kinds)]
            self._waiting = [each for each in self._waiting if not is_for(each, frame, kinds)]
            for each in served:
                if not each.frame.done():
                    each.frame.set_result(frame)

    def _refuse(self, text: str) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.frame.done():
                each.frame.set_exception(OperationRefused(text))


def is_for(waiting: Waiting, frame: Reply, kinds: Collection[str]) -> bool:
    """Return whether a frame of some kinds is what a viewer waits for."""
    if frame.header.get("unchanged"):
        return waiting.after == frame.header["version"]
    return waiting.kinds <= frozenset(kinds)
