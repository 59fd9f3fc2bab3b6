"""What the tests of training processes share: orders for tiny runs, and links to them."""

import asyncio
import os
import select
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from autoencoder.live.launch import Launch
from tests.support import patience
from tests.support.autoencoder_runs import TINY
from workbench.page.link import Link
from workbench.page.process import Reply
from workbench.settings.table import Given

PATIENCE = patience.SECONDS
"""Seconds to wait for something."""


def tiny_order(directory: Path, **changes: Any) -> Launch:
    """An order for a network that trains quickly, in `directory`/model; by itself it never ends."""
    places = {"model_directory": directory / "model", "output_directory": directory / "output"}
    texts = {**TINY, "epochs": "1000000", **places, **changes}
    given = {key.replace("-", "_"): Given(str(value), key) for key, value in texts.items()}
    return Launch(given)


@asynccontextmanager
async def linked(order: Launch) -> AsyncIterator[Link]:
    """A link to a process that carries out an order."""
    async with asyncio.timeout(PATIENCE):
        link = Link()
        await link.start(order)
        try:
            yield link
        finally:
            await link.close()


async def frame_when(link: Link, fits: Callable[[dict[str, Any]], bool]) -> Reply:
    """The first frame whose status fits."""
    while True:
        frame = await link.frame(["values"])
        if fits(frame.header["status"]):
            return frame


def wait_for_end(number: int) -> None:
    """Wait until a process that need not be a child has ended."""
    try:
        process = os.pidfd_open(number)
    except ProcessLookupError:
        return
    try:
        assert select.select([process], [], [], PATIENCE)[0], f"process {number} goes on"
    finally:
        os.close(process)
