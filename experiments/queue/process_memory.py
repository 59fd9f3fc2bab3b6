"""How much memory a job's processes take together."""

from __future__ import annotations

import contextlib
import os

import psutil


def processes_of(group: int) -> list[psutil.Process]:
    """Return the processes of a group, and those that its leader and its children have started elsewhere."""
    found = {number for number in psutil.pids() if _group_of(number) == group}
    with contextlib.suppress(psutil.NoSuchProcess):
        found |= {each.pid for each in psutil.Process(group).children(recursive=True)}
    processes = []
    for number in sorted(found):
        with contextlib.suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(number))
    return processes


def _group_of(number: int) -> int | None:
    try:
        return os.getpgid(number)
    except (ProcessLookupError, PermissionError):
        return None


def memory_of(group: int, above: int = 0) -> int:
    """Return the bytes that the processes of a group have in memory.

    At first this is the sum of what each has (resident set size), in which pages that several share, such as
    those of forked children, count several times. Where that is above a limit, such pages are shared out
    (proportional set size), which takes the system longer to say.

    Parameters
    ----------
    group
        Number of the group, which is that of its leader.
    above
        A limit in bytes; up to it the first sum does.
    """
    processes = processes_of(group)
    resident = sum(map(_resident, processes))
    return resident if resident <= above else sum(map(_proportional, processes))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
    except (psutil.AccessDenied, AttributeError):  # another user's, or another system, which has no such sum
        return _resident(process)
