"""Which process a run belongs to, and whether it is still alive.

A process is known by its number, the moment it started, and the running system that counts both: numbers
come round, and another machine, or the same after a restart, or a container has numbers of its own. So a
process of this system is alive or dead beyond doubt, whatever clocks and names of machines say. One of
another system is taken for dead when it has not been heard of for a while.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

SILENT_SECONDS = 600.0
"""How long another system's process may be silent; a live one writes at least every `HEARTBEAT_SECONDS`."""

HEARTBEAT_SECONDS = 30.0

STATE, STARTED = 0, 19
"""Places in /proc/PID/stat of a process's state and the moment it started, after its name."""


class Process(NamedTuple):
    """A process.

    Attributes
    ----------
    system
        The running system, as no other has it; empty where that cannot be told.
    number
        The process's number in it.
    started
        When it started, in the system's own ticks; 0 where that cannot be told.
    """

    system: str
    number: int
    started: int

    @classmethod
    def own(cls) -> Process:
        """Return the process that calls this."""
        number = os.getpid()
        return cls(running_system(), number, started_at(number) or 0)

    def is_alive(self, silent_for: float) -> bool:
        """Return whether the process runs.

        Parameters
        ----------
        silent_for
            Seconds since it was last heard of; of no account for a process of this system.
        """
        if self.system and self.system == running_system():
            return started_at(self.number) == self.started
        return silent_for < SILENT_SECONDS


@cache
def running_system() -> str:
    """Return what identifies this run of this system, and the numbering of processes in it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def started_at(number: int) -> int | None:
    """Return when the process with a number started; None where none runs, or that cannot be told."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    parts = text.rpartition(")")[2].split()
    return None if parts[STATE] in "ZX" else int(parts[STARTED])
