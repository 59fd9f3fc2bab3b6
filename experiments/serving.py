"""Real servers of pages in processes of their own, and the browser that looks at them.

The browser's tests, its timings and the script that makes the pictures of the page all begin here.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

ADDRESS = re.compile(r"http://\S+\?token=\S+")

PATIENCE = 90.0
"""Seconds that starting and stopping may take on a busy machine."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class ServerError(RuntimeError):
    """The server did not start: the message is what it printed."""


class Served(NamedTuple):
    """A running server.

    Attributes
    ----------
    address
        Of its page, with the token.
    model_directory
        Where its model is.
    process
        The server's own; the one that trains is its child.
    """

    address: str
    model_directory: Path
    process: subprocess.Popen[bytes]


def serving(folder: Path, *options: str, port: int = 0) -> AbstractContextManager[Served]:
    """Run `autoencoder serve` until the block ends; see `served_program`.

    Parameters
    ----------
    folder
        Gets the model and the output directory.
    options
        Of the command line.
    port
        Where; 0 is any that is free.
    """
    model = folder / "model"
    places = ("--model-directory", str(model), "--output-directory", str(folder / "output"))
    return served_program(model, "autoencoder", "serve", *places, *options, port=port)


@contextmanager
def served_program(folder: Path, module: str, *options: str, port: int = 0) -> Iterator[Served]:
    """Run a server that prints its address until the block ends; then interrupt it.

    Parameters
    ----------
    folder
        Where its model is, if it has one.
    module
        The program.
    options
        Of its command line.
    port
        Where; 0 is any that is free.

    Raises
    ------
    ServerError
        When it ends before it is ready.
    subprocess.TimeoutExpired
        When it does not end; it is killed then.
    """
    command = [sys.executable, "-m", module, *options, "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield Served(_wait_for_address(process), folder, process)
    finally:
        interrupt(process)


def watching(folder: Path, name: str, *options: str) -> AbstractContextManager[Served]:
    """Run an experiment with `--watch` until the block ends; see `watched_program`.

    Parameters
    ----------
    folder
        Gets the model and the pictures.
    name
        Of the experiment.
    options
        Of its command line.
    """
    return watched_program(folder, f"experiments.{name}", "--watch", "--output", str(folder), *options)


@contextmanager
def watched_program(folder: Path, module: str, *options: str) -> Iterator[Served]:
    """Run a program that opens a page until the block ends, then interrupt it as Ctrl-C does.

    Parameters
    ----------
    folder
        Gets what the program writes to its standard error, and what it saves if it is told to.
    module
        The program.
    options
        Of its command line.

    Raises
    ------
    ServerError
        When it ends before there is a page.
    """
    command = [sys.executable, "-m", module, *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    said = folder / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, env=environment)
    try:
        yield Served(_address_in(said, process), folder, process)
    finally:
        if process.poll() is None:
            interrupt(process)


def _address_in(said: Path, process: subprocess.Popen[bytes]) -> str:
    """Return the address that a program has written to a file, as soon as it is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if (found := ADDRESS.search(said.read_text(errors="replace"))) is not None:
            return found[0]
        time.sleep(0.1)
    raise ServerError(f"no page after {PATIENCE:.0f} s: {said.read_text(errors='replace').strip()}")


def interrupt(process: subprocess.Popen[bytes]) -> bytes:
    """Interrupt a process as Ctrl-C does, and return what else it printed; kill it when it does not end."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        printed: bytes = process.communicate(timeout=PATIENCE)[0]
        return printed
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _wait_for_address(process: subprocess.Popen[bytes]) -> str:
    """Return the address that the server prints when it is ready."""
    assert process.stdout is not None
    printed, end = "", time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < end:
            if not selector.select(timeout=1):
                continue
            piece = os.read(process.stdout.fileno(), 65536).decode(errors="replace")
            printed += piece
            if not piece:
                break
            if (found := ADDRESS.search(printed)) and printed.endswith("\n"):
                return found[0]
    raise ServerError(f"no page after {PATIENCE:.0f} s: {printed.strip() or 'nothing was printed'}")


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome on this machine; None without one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)
