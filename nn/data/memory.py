"""Checks available memory before an array is allocated, so that a large load is refused, not killed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from nn.byte_sizes import format_bytes
from nn.control_groups import CONTROL_GROUPS, MEMBERSHIP, groups
from nn.data.errors import DataError

MEMORY_INFORMATION = Path("/proc/meminfo")


class _Files(NamedTuple):
    """Names of a control group's files, and of the line that says how much cache can be dropped."""

    limit: str
    usage: str
    droppable: str


FILES = {
    1: _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: _Files("memory.max", "memory.current", "inactive_file"),
}
"""By version of the control groups."""


def available_memory() -> int:
    """Return the bytes that can be allocated without swapping, and within the limits of a container."""
    return min([_system_memory(), *container_memory()])


def _system_memory() -> int:
    """Return `MemAvailable` where there is one (it counts the file cache as free), else all memory."""
    try:
        lines = MEMORY_INFORMATION.read_text(encoding="ascii").splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    kibibytes = next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return 1024 * int(kibibytes)


def container_memory(membership: Path = MEMBERSHIP, root: Path = CONTROL_GROUPS) -> list[int]:
    """Return the bytes that are left in every control group with a limit that this process belongs to.

    Parameters
    ----------
    membership, root
        See `nn.control_groups`.
    """
    found = groups("memory", membership, root)
    return [room for group in found if (room := _room(group.folder, FILES[group.version])) is not None]


def total_memory(membership: Path = MEMBERSHIP, root: Path = CONTROL_GROUPS) -> int:
    """Return the bytes that this process could ever have: the machine's, or the least limit of a container.

    Parameters
    ----------
    membership, root
        As of `container_memory`.
    """
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for group in groups("memory", membership, root):
        with contextlib.suppress(OSError, ValueError):  # not visible; "max" is not a number
            limits.append(int((group.folder / FILES[group.version].limit).read_text()))
    return min(limits)


def _room(group: Path, files: _Files) -> int | None:
    """Return how much a group may still allocate; None where it has no limit, or is not visible."""
    try:
        limit, usage = int((group / files.limit).read_text()), int((group / files.usage).read_text())
        statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # "max" is not a number: no limit
        return None
    return max(limit - usage + int(statistics.get(files.droppable, 0)), 0)


FEWER_IMAGES = "use smaller images, fewer of them, or fewer crops of each"
"""What to do where images do not fit."""


def require_memory(size_in_bytes: int, purpose: str, advice: str = FEWER_IMAGES) -> None:
    """Refuse an allocation that does not fit; `advice` says what to do.

    Raises
    ------
    DataError
        When `size_in_bytes` exceeds the available memory; the message has both figures.
    """
    available = available_memory()
    if size_in_bytes > available:
        raise DataError(
            f"{purpose} needs {format_bytes(size_in_bytes)} of memory and {format_bytes(available)} is "
            f"available: {advice}"
        )
