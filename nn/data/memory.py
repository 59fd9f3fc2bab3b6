"""Is there room? Asked before an array is allocated, so that a large load is refused and not killed."""

from __future__ import annotations

import os
from pathlib import Path

from nn.data.errors import DataError


def available_memory() -> int:
    """Return the bytes that can be allocated without swapping.

    `MemAvailable` of /proc/meminfo where there is one (it counts the file cache as free), all
    physical memory elsewhere.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    kibibytes = next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return 1024 * int(kibibytes)


def require_memory(size_in_bytes: int, purpose: str) -> None:
    """Refuse an allocation that does not fit.

    Raises
    ------
    DataError
        When `size_in_bytes` exceeds the available memory; the message has both figures.
    """
    available = available_memory()
    if size_in_bytes > available:
        raise DataError(
            f"{purpose} needs {size_in_bytes / 2**30:.2f} GiB of memory and {available / 2**30:.2f} GiB "
            "is available: use smaller images, fewer of them, or fewer crops of each"
        )
