"""The command `serve`: the page of experiments."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.records.choosing import execute, make_parser
from workbench.errors import InputError
from workbench.exit_status import STOPPED
from workbench.page.address import Address, check_address
from workbench.page.framework import require_framework
from workbench.page.interrupts import interrupts, unless
from workbench.page.kept_tokens import kept
from workbench.records import records_path

BEHIND_TRAINING = 10
"""Niceness of this process: trainings come first."""

PORT = "8080"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until Ctrl-C, and return the exit status."""
    parser = make_serve_parser()
    return execute(parser, partial(serve, parser.parse_args(arguments)))


def make_serve_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = make_parser(
        "serve",
        "Show recorded runs, their curves, the queue and sweeps in a page of the browser. "
        "The address has a token: whoever knows it can do all that the page can. Ctrl-C ends it.",
        "--port 0",
    )
    parser.add_argument("--port", metavar="N", default=PORT, help="0: any that is free (default %(default)s)")
    parser.add_argument(
        "--host", metavar="ADDRESS", default="127.0.0.1", help="to listen on (default %(default)s)"
    )
    parser.add_argument(
        "--allow-host",
        metavar="NAME,...",
        action="append",
        default=[],
        help="names under which browsers may open it",
    )
    return parser


def serve(options: argparse.Namespace) -> int:
    """Serve the page.

    Raises
    ------
    InputError
        When there can be none.
    """
    require_framework()
    path = records_path(options.records)
    if path is None:
        raise InputError("records are off (GANGLION_RECORDS): --records FILE says where they are")
    bound = Address.bind(*check_address(options.host, options.port, options.allow_host))
    os.nice(BEHIND_TRAINING)
    with bound.socket, kept(bound) as address:
        return asyncio.run(_serve(path, address))


async def _serve(path: Path, address: Address) -> int:
    from experiments.serve.feed import Feed  # noqa: PLC0415 - what follows takes a second to load
    from experiments.serve.page import ASSETS, build_page  # noqa: PLC0415
    from workbench.page.server import serve_pages  # noqa: PLC0415

    feed = Feed(path)

    async def say_goodbye() -> None:
        """Say nothing: pages notice, and try to connect again."""

    with interrupts() as interrupted:
        page = serve_pages(address, lambda: build_page(feed), say_goodbye, assets={"experiments": ASSETS})
        print(f"{'records':10} {path}\n{'end':10} Ctrl-C", flush=True)
        await unless(page, interrupted)
    return STOPPED
