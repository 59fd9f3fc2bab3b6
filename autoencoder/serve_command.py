"""The command `serve`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import ipaddress
import os
import re
import signal
import sys
from collections.abc import Coroutine, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from autoencoder.live.launch import Launch
from autoencoder.settings import TABLE
from workbench.errors import InputError
from workbench.exit_status import FAILED, STOPPED
from workbench.page.address import Address, parse_port
from workbench.page.link import Link
from workbench.page.refusals import OperationRefused, StartFailed
from workbench.run.messages import Header
from workbench.settings.options import given_settings

Result = TypeVar("Result")

BEHIND_TRAINING = 10
"""Steps of priority by which the page's process stands back; from 19 on it answered in 50 ms instead of 9."""

HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")


def serve(arguments: argparse.Namespace) -> int:
    """Start the training process, and show it in a page until Ctrl-C."""
    if importlib.util.find_spec("nicegui") is None:
        raise InputError("the page needs NiceGUI: pip install 'ganglion[web]'")
    given = given_settings(arguments, TABLE)
    TABLE.make(given)  # refuses impossible settings before anything is started
    inputs, models = _paths("inputs", arguments.inputs), _paths("models", arguments.models)
    records = arguments.records
    launch = Launch(given, overwrite=arguments.overwrite, inputs=inputs, models=models, records=records)
    host, port, names = check_address(arguments.host, arguments.port, arguments.allow_host)
    address = Address.bind(host, port, names)
    with address.socket:
        return asyncio.run(_serve(launch, address, start=arguments.start))


def check_address(host: str, port: str, allowed: Sequence[str]) -> tuple[str, int, list[str]]:
    """Return where to listen, and the names under which browsers may open the page.

    Parameters
    ----------
    host, port, allowed
        As given on the command line; of `allowed` each may be several names with commas between.

    Raises
    ------
    InputError
        When that is no address, or opens the page to others without saying under which names.
    """
    number = parse_port(port)
    names = [name.lower() for name in _parts(allowed)]
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise InputError(
                f"--allow-host={name}: expected a name or an address as it stands in the browser, such as "
                "box.example or [fd00::1], without http:// and without a port"
            )
    if not _is_own(host) and not names:
        raise InputError(
            f"--host={host}: opens the page to others: everybody who reaches the port and knows the token "
            "can change the run, and the connection is not encrypted. If that is wanted, say under which "
            "names browsers may open it: --allow-host NAME,NAME"
        )
    return host.strip("[]"), number, names


def _is_own(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return bool(ipaddress.ip_address(host.strip("[]")).is_loopback)
    except ValueError:
        return host == "localhost"


def _parts(given: Sequence[str]) -> list[str]:
    return [part.strip() for each in given for part in each.split(",") if part.strip()]


def _paths(name: str, given: Sequence[str]) -> tuple[Path, ...]:
    paths = tuple(Path(part).expanduser() for part in _parts(given))
    for path in paths:
        if not path.exists():
            raise InputError(f"--{name}={path}: there is no such file or directory")
    return paths


async def _serve(launch: Launch, address: Address, *, start: bool) -> int:
    from autoencoder.web.page import ASSETS, build_code_page  # noqa: PLC0415 - an extra
    from workbench.page.server import serve as serve_page  # noqa: PLC0415

    link = Link()
    with _interrupts() as interrupted:
        try:
            ready = await _unless(link.start(launch), interrupted)
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
            await _unless(page, interrupted, link.lost)
        finally:
            interrupted.clear()  # a second Ctrl-C does not wait for what follows
            said = await _unless(link.close(), interrupted)
            link.abandon()
    return _report(said)


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


async def _unless(work: Coroutine[Any, Any, Result], *events: asyncio.Event) -> Result | None:
    """Wait for some work, but not beyond an event: return what it gives, None when it was cut short."""
    task = asyncio.ensure_future(work)
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait([task, *waits], return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return None


@contextlib.contextmanager
def _interrupts() -> Iterator[asyncio.Event]:
    """Give an event that Ctrl-C and SIGTERM set."""
    loop, interrupted = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    try:
        yield interrupted
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _fail(status: int, text: str) -> int:
    print(f"autoencoder serve: {text}", file=sys.stderr)
    return status
