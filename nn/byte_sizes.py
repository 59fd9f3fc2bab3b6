"""Sizes in memory, formatted for people."""

from __future__ import annotations

MEBIBYTE = 2**20
"""Bytes."""

LARGEST = 2**100
"""Bytes above which the figure is meaningless, and may be too large for a float."""


def format_bytes(size_in_bytes: int) -> str:
    """Write a number of bytes with a unit."""
    if size_in_bytes > LARGEST:
        return f"more than {LARGEST >> 30} GiB"
    size = float(size_in_bytes)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
