"""The program that serves the page of a run in another process: `python -m workbench.page.attached`.

It reads a line of JSON from its standard input, where no other user sees the token: the file descriptors of
the connection and of the listening socket, which it inherits, and the token.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from multiprocessing.connection import Connection

from workbench.exit_status import FAILED
from workbench.page.address import Address
from workbench.page.link import Link
from workbench.page.refusals import StartFailed
from workbench.page.server import serve

BEHIND_TRAINING = 10
"""Niceness of this process: training comes first."""


def main() -> int:
    """Serve the page until the process with the run disconnects."""
    given = json.loads(sys.stdin.readline())
    os.nice(BEHIND_TRAINING)
    address = Address(socket.socket(fileno=given["socket"]), token=given["token"])
    with address.socket:
        return asyncio.run(_serve(Connection(given["connection"]), address))


async def _serve(connection: Connection, address: Address) -> int:
    link = Link()
    try:
        await link.attach(connection)
    except StartFailed:
        return FAILED  # the other process has ended already
    serving = asyncio.create_task(serve(link, address))
    lost = asyncio.create_task(link.lost.wait())
    await asyncio.wait([serving, lost], return_when=asyncio.FIRST_COMPLETED)
    for task in (serving, lost):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
