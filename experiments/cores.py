"""Processor cores that this process may use: by its affinity, and by the limits of its container."""

from __future__ import annotations

import os
from pathlib import Path

from nn.control_groups import CONTROL_GROUPS, MEMBERSHIP, Group, groups


def allowed_cores(membership: Path = MEMBERSHIP, root: Path = CONTROL_GROUPS) -> int:
    """Return how many cores may be used at once; a part of one counts where there is nothing else.

    Parameters
    ----------
    membership, root
        See `nn.control_groups`.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shares = [share for group in groups("cpu", membership, root) if (share := _share(group)) is not None]
    return max(1, int(min([affinity, *shares])))


def _share(group: Group) -> float | None:
    """Return how many cores' time a group may use; None where it has no limit, or is not visible."""
    try:
        if group.version == 2:
            quota, period = map(int, (group.folder / "cpu.max").read_text().split())
        else:
            quota = int((group.folder / "cpu.cfs_quota_us").read_text())
            period = int((group.folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):  # "max" is not a number
        return None
    return quota / period if quota > 0 and period > 0 else None
