"""Linux's control groups that this process belongs to: what limits a container's memory and processors.

Both versions are read (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel's sources). A
limit above holds for the groups below as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MEMBERSHIP = Path("/proc/self/cgroup")
"""Says which groups a process is in, a line for each hierarchy."""

CONTROL_GROUPS = Path("/sys/fs/cgroup")
"""Where the hierarchies are mounted."""


class Group(NamedTuple):
    """A group: the version of its hierarchy, and its folder, which need not be visible."""

    version: int
    folder: Path


def groups(controller: str, membership: Path = MEMBERSHIP, root: Path = CONTROL_GROUPS) -> list[Group]:
    """Return the groups that may limit this process, from its own upwards; none without control groups.

    Parameters
    ----------
    controller
        What they limit: `memory`, `cpu`.
    membership, root
        See `MEMBERSHIP` and `CONTROL_GROUPS`.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found += [Group(2, folder) for folder in _upwards(root, path)]
        elif controller in controllers.split(","):
            found += [Group(1, folder) for folder in _upwards(root / controller, path)]
    return found


def _upwards(hierarchy: Path, path: str) -> Iterator[Path]:
    """Yield a group and all above it; within a container it may be found at the root alone."""
    group = hierarchy / path.strip("/")
    while group != hierarchy:
        yield group
        group = group.parent
    yield hierarchy
