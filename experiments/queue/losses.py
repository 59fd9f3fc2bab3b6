"""Whether a training has diverged, as the table that it writes tells."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path


def diverged(path: Path) -> Iterator[str]:
    """Yield a line for each loss in a table that is no finite number any more.

    The last whole row counts, and columns whose names end with `loss`. Not every loss is always there: one
    of data that a training does not have is NaN, or empty, in all of its rows. So a loss that is NaN counts
    where it has been finite before, or where no loss of the row is; an infinite one always does.

    Parameters
    ----------
    path
        Of the table, whose last line may be written at the moment; none without the file.
    """
    rows = _whole_rows(path)
    if not rows:
        return
    *before, last = rows
    names = [name for name in last if name.endswith("loss")]
    some = any(math.isfinite(last[name]) for name in names)
    for name in names:
        value = last[name]
        if math.isinf(value) or (math.isnan(value) and (not some or _was_finite(before, name))):
            yield f"{name} is {value} in row {len(rows)} of {path.name}"


def _whole_rows(path: Path) -> list[dict[str, float]]:
    """Return the rows whose lines are written to their ends, the cells that are numbers by their columns."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    whole = text[: text.rfind("\n") + 1]
    return [dict(_numbers(row)) for row in csv.DictReader(whole.splitlines())]


def _numbers(row: dict[str, str | None]) -> Iterator[tuple[str, float]]:
    for name, cell in row.items():
        try:
            yield name, float(cell or "")
        except (ValueError, TypeError):  # empty, or there are more cells than columns
            continue


def _was_finite(rows: list[dict[str, float]], name: str) -> bool:
    return any(math.isfinite(row.get(name, math.nan)) for row in rows)
