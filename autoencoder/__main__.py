"""The program: `autoencoder COMMAND ...` or `python -m autoencoder COMMAND ...`."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from autoencoder.command_table import COMMANDS
from autoencoder.options import make_parser
from workbench.exit_status import FAILED, STOPPED, explain
from workbench.terminal import warnings_shown

RUN: Mapping[str, tuple[str, str]] = {
    "train": ("train_command", "train"),
    "serve": ("serve_command", "serve"),
    "replay": ("replay_command", "replay"),
    "reconstruct": ("model_commands", "reconstruct"),
    "encode": ("model_commands", "encode"),
    "decode": ("model_commands", "decode"),
    "render": ("model_commands", "render"),
    "info": ("model_commands", "info"),
    "config": ("config_command", "write_config"),
}
"""Module and function of every command; only that of the one which is called is loaded."""

COLLECT_AFTER = 100_000
"""New objects from which Python looks for unused ones. Its usual 700 cost a tenth of a second while modules
and kernels are loaded, of which nothing is ever unused."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.
    """
    usual = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER)
    try:
        return _run(arguments)
    finally:
        gc.set_threshold(*usual)


def _run(arguments: Sequence[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names need not be text
    parsed = make_parser(COMMANDS).parse(sys.argv[1:] if arguments is None else arguments)
    try:
        module, function = RUN[parsed.command]
        with warnings_shown():
            status: int = getattr(import_module(f"autoencoder.{module}"), function)(parsed)
            return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads what is left
        return FAILED
    except KeyboardInterrupt:
        return _fail(parsed.command, STOPPED, "interrupted")
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        return _fail(parsed.command, *known)


def _fail(command: str, status: int, text: str) -> int:
    print(f"autoencoder {command}: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
