"""All rows: which network, its size, and its peers."""

from __future__ import annotations

from benchmarks.row import Row
from benchmarks.rows import (
    adam,
    convolution,
    dense,
    epoch,
    gan,
    graph,
    inference,
    large_local,
    local,
    mixed_precision,
    recurrent,
    small_layers,
    sparse,
    video,
)

MODULES = (
    dense,
    epoch,
    adam,
    local,
    large_local,
    graph,
    sparse,
    convolution,
    recurrent,
    small_layers,
    gan,
    video,
    mixed_precision,
    inference,
)


def rows_by_family() -> dict[str, list[Row]]:
    """Return the rows of every table, in the order of the tables."""
    families: dict[str, list[Row]] = {}
    for module in MODULES:
        for row in module.rows():
            families.setdefault(row.family, []).append(row)
    return families
