"""The options by which programs show a training in a page of the browser, and the page they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from workbench.errors import InputError
from workbench.settings.options import Flag, Option

WATCH = Flag("watch", "show the run in a page of the browser while it trains; it stays until Ctrl-C")
FREE_PORT = "0"
PORT = Option("port", "N", "of that page on this machine; 0: any that is free", FREE_PORT)


@contextmanager
def page_asked_for(arguments: argparse.Namespace) -> Iterator[Connection | None]:
    """Yield the connection to a page that is served, where one is asked for.

    Raises
    ------
    InputError
        When there can be none, before anything else is done.
    """
    if not arguments.watch:
        if arguments.port != FREE_PORT:
            raise InputError(f"--port={arguments.port}: is that of the page: add --watch, or leave it out")
        yield None
        return
    from workbench.page.address import parse_port  # noqa: PLC0415 - only a page needs it
    from workbench.watching import require_page, served_page  # noqa: PLC0415 - as this

    port = parse_port(arguments.port)
    require_page(port)
    with served_page(port) as connection:
        yield connection
