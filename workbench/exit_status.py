"""Exit statuses of the program, and which errors are reported in one line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable

from workbench.errors import InputError, OperationError, SettingsError

FAILED = 1
BAD_INPUT = 2

STOPPED = 130
"""After Ctrl-C, as shells have it."""


def explain(error: Exception) -> tuple[int, str] | None:
    """Return the exit status and the line for an error; None for one that is a fault of the program.

    Modules are imported here only after an error, so that commands that do not need them start quickly.
    """
    from nn.kernels.core.numba_environment import NumbaEnvironmentError  # noqa: PLC0415

    if isinstance(error, NumbaEnvironmentError):  # what else there is may be impossible to load then
        return FAILED, str(error)

    from nn import DataError, SnapshotError, TrainingDiverged  # noqa: PLC0415
    from nn.training.lock import FolderLockedError  # noqa: PLC0415

    if isinstance(error, SettingsError | InputError | OperationError | DataError):
        return BAD_INPUT, str(error)
    if isinstance(error, SnapshotError | TrainingDiverged | FolderLockedError | OSError):
        return FAILED, str(error)
    if isinstance(error, MemoryError):
        return FAILED, f"out of memory: {error}"
    return None


def escape_names() -> None:
    """Let all file names be printed: they need not be text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def reported(name: str, run: Callable[[], int], interrupted: str = "") -> int:
    """Run a command and return its exit status; a known error is one line.

    Parameters
    ----------
    name
        Of the command, before what is said of an error.
    run
        The command; returns its exit status.
    interrupted
        What is said after Ctrl-C; nothing by default.
    """
    try:
        status = run()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads what is left
        return FAILED
    except KeyboardInterrupt:
        if interrupted:
            print(f"{name}: {interrupted}", file=sys.stderr)
        return STOPPED
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        status, text = known
        print(f"{name}: {text}", file=sys.stderr)
        return status
