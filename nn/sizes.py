"""Sizes in memory, written for people."""

from __future__ import annotations


def as_size(size_in_bytes: int) -> str:
    """Write a number of bytes with a unit."""
    size = float(size_in_bytes)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
