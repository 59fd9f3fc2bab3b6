"""The program: `autoencoder COMMAND ...` or `python -m autoencoder COMMAND ...`."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tqdm.contrib.logging import logging_redirect_tqdm

from autoencoder.command_table import COMMANDS
from autoencoder.config_command import write_config
from autoencoder.errors import InputError, SettingsError
from autoencoder.model_commands import decode, encode, info, reconstruct, render
from autoencoder.options import make_parser
from autoencoder.train_command import STOPPED, train
from nn.data import DataError
from nn.snapshot import SnapshotError
from nn.training.divergence import TrainingDiverged
from nn.training.lock import FolderLockedError

RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "train": train,
    "reconstruct": reconstruct,
    "encode": encode,
    "decode": decode,
    "render": render,
    "info": info,
    "config": write_config,
}

FAILED = 1
BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names need not be text
    parsed = make_parser(COMMANDS).parse(sys.argv[1:] if arguments is None else arguments)
    try:
        with _warnings_shown(), logging_redirect_tqdm():
            return RUN[parsed.command](parsed)
    except (SettingsError, InputError, DataError) as error:
        return _fail(parsed.command, error, BAD_INPUT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads what is left
        return FAILED
    except (SnapshotError, TrainingDiverged, FolderLockedError, OSError) as error:
        return _fail(parsed.command, error, FAILED)
    except MemoryError as error:
        return _fail(parsed.command, f"out of memory: {error}", FAILED)
    except KeyboardInterrupt:
        return _fail(parsed.command, "interrupted", STOPPED)


@contextmanager
def _warnings_shown() -> Iterator[None]:
    """Write what the library warns of to standard error, as it is."""
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def _fail(command: str, error: object, status: int) -> int:
    print(f"autoencoder {command}: {error}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
