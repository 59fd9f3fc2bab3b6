"""A process that ends with the one which started it: its standard input is a pipe from there.

The system closes the pipe when that process ends, however it ends. A thread waits for it, which neither the
clock nor a long computation keeps from it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.sweep.programs import Programs


def end_with_parent(at_end: Callable[[], None]) -> None:
    """Call a function in a thread when the process that started this one has ended."""
    threading.Thread(target=_wait, args=(at_end,), daemon=True).start()


def _wait(at_end: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    at_end()


def kill_group() -> None:
    """Kill this process and all it has started, which are a group of their own."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


def run_trial(words: list[str], programs: Programs) -> int:
    """Run a program on words, the first of which is its name; return its exit status."""
    end_with_parent(kill_group)
    name, *rest = words
    status: int = import_module(programs[name].main).main(rest)
    return status
