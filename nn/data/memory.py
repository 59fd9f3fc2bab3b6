"""Checks available memory before an array is allocated, so that a large load is refused, not killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nn.byte_sizes import format_bytes
from nn.data.errors import DataError

MEMORY_INFORMATION = Path("/proc/meminfo")
MEMBERSHIP = Path("/proc/self/cgroup")
CONTROL_GROUPS = Path("/sys/fs/cgroup")


class _Files(NamedTuple):
    """Names of a control group's files, and of the line that says how much cache can be dropped."""

    limit: str
    usage: str
    droppable: str


VERSION_1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
VERSION_2 = _Files("memory.max", "memory.current", "inactive_file")


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

    Both versions of Linux's control groups are read (Documentation/admin-guide/cgroup-v1/memory.rst and
    cgroup-v2.rst of its sources). A limit above holds for the groups below as well.

    Parameters
    ----------
    membership
        Says which groups the process is in, a line for each hierarchy.
    root
        Where the hierarchies are mounted.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    left = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            hierarchy, files = root, VERSION_2
        elif "memory" in controllers.split(","):
            hierarchy, files = root / "memory", VERSION_1
        else:
            continue
        left += [room for group in _upwards(hierarchy, path) if (room := _room(group, files)) is not None]
    return left


def _upwards(hierarchy: Path, path: str) -> Iterator[Path]:
    """Yield a group and all above it; within a container it may be found at the root alone."""
    group = hierarchy / path.strip("/")
    while group != hierarchy:
        yield group
        group = group.parent
    yield hierarchy


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
