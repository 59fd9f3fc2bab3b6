"""The options by which programs show a training in a page of the browser, and the page they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple

from workbench.errors import InputError
from workbench.settings.options import Flag, Option

WATCH = Flag("watch", "show the run in a page of the browser while it trains; it stays until Ctrl-C")
CLOSE = Flag("close", "close that page as soon as training has ended")
WATCHED = tuple(f"--{flag.name}" for flag in (WATCH, CLOSE))
"""Words of a training that nobody waits for: its page is there as long as it runs."""

FREE_PORT = "0"
PORT = Option("port", "N", "of that page on this machine; 0: any that is free", FREE_PORT)


class AskedPage(NamedTuple):
    """A page that is served: the connection to it, and whether it stays when training has ended."""

    connection: Connection
    stays: bool


@contextmanager
def page_asked_for(arguments: argparse.Namespace) -> Iterator[AskedPage | None]:
    """Yield a page that is served, where one is asked for.

    Raises
    ------
    InputError
        When there can be none, before anything else is done.
    """
    if not arguments.watch:
        if arguments.port != FREE_PORT:
            raise InputError(f"--port={arguments.port}: is that of the page: add --watch, or leave it out")
        if arguments.close:
            raise InputError("--close: closes the page of --watch: add that, or leave it out")
        yield None
        return
    from workbench.page.address import parse_port  # noqa: PLC0415 - only a page needs it
    from workbench.watching import require_page, served_page  # noqa: PLC0415 - as this

    port = parse_port(arguments.port)
    require_page(port)
    with served_page(port) as connection:
        yield AskedPage(connection, stays=not arguments.close)
