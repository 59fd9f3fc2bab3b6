"""The command `serve`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from autoencoder.live.launch import Launch
from autoencoder.settings import TABLE
from workbench.errors import InputError
from workbench.exit_status import FAILED, STOPPED
from workbench.page.address import Address, check_address, parts
from workbench.page.framework import require_framework
from workbench.page.interrupts import interrupts, unless
from workbench.page.kept_tokens import kept
from workbench.page.link import Link
from workbench.page.open_pages import noted
from workbench.page.refusals import OperationRefused, StartFailed
from workbench.records.process import Process, running_system, started_at
from workbench.run.messages import Header
from workbench.settings.options import given_settings

BEHIND_TRAINING = 10
"""Steps of priority by which the page's process stands back; from 19 on it answered in 50 ms instead of 9."""


def serve(arguments: argparse.Namespace) -> int:
    """Start the training process, and show it in a page until Ctrl-C."""
    require_framework()
    given = given_settings(arguments, TABLE)
    TABLE.make(given)  # refuses impossible settings before anything is started
    inputs, models = _paths("inputs", arguments.inputs), _paths("models", arguments.models)
    records = arguments.records
    launch = Launch(given, overwrite=arguments.overwrite, inputs=inputs, models=models, records=records)
    host, port, names = check_address(arguments.host, arguments.port, arguments.allow_host)
    bound = Address.bind(host, port, names)
    with bound.socket, kept(bound) as address:
        return asyncio.run(_serve(launch, address, start=arguments.start))


def _paths(name: str, given: Sequence[str]) -> tuple[Path, ...]:
    paths = tuple(Path(part).expanduser() for part in parts(given))
    for path in paths:
        if not path.exists():
            raise InputError(f"--{name}={path}: there is no such file or directory")
    return paths


async def _serve(launch: Launch, address: Address, *, start: bool) -> int:
    from autoencoder.web.page import ASSETS, build_code_page  # noqa: PLC0415 - an extra
    from workbench.page.server import serve as serve_page  # noqa: PLC0415

    link = Link()
    with interrupts() as interrupted:
        try:
            ready = await unless(link.start(launch), interrupted)
        except StartFailed as error:
            if interrupted.is_set():  # Ctrl-C reached the other process too, and ended it first
                return _fail(STOPPED, "interrupted")
            return _fail(error.status, str(error))
        if ready is None:
            return _fail(STOPPED, "interrupted")
        os.nice(BEHIND_TRAINING)  # of this process: the one that trains is started already
        print(f"{ready['about']}\n{'end':10} Ctrl-C, which saves the model", flush=True)
        try:
            if start:
                await _start(link)
            page = serve_page(link, address, build_code_page, assets={"autoencoder": ASSETS})
            with noted(_process(link), address.url):
                await unless(page, interrupted, link.lost)
        finally:
            interrupted.clear()  # a second Ctrl-C does not wait for what follows
            said = await unless(link.close(), interrupted)
            link.abandon()
    return _report(said)


def _process(link: Link) -> Process:
    """Return the process that trains."""
    number = link.process_number or os.getpid()
    return Process(running_system(), number, started_at(number) or 0)


async def _start(link: Link) -> None:
    try:
        await link.ask("start")
    except OperationRefused as error:
        print(f"autoencoder serve: --start: {error}", file=sys.stderr)


def _report(said: Header | None) -> int:
    """Say where the model is, and return the exit status."""
    if said is None:
        return _fail(STOPPED, "interrupted; the training process saves and ends by itself")
    if "error" in said:
        return _fail(FAILED, said["error"])
    time = timedelta(seconds=round(said["seconds"]))
    print(f"{'stopped':10} {said['epochs']:.4g} epochs, {said['step']:,} steps, {time}")
    if said["model"] is not None:
        print(f"{'model':10} {said['model']}")
        print(f"go on with: autoencoder serve --model-directory {said['directory']}")
    return STOPPED


def _fail(status: int, text: str) -> int:
    print(f"autoencoder serve: {text}", file=sys.stderr)
    return status
