"""Runs as rows: for the terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from workbench.records import Run
from workbench.records.values import Plain, written


def csv_text(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a line of headings; what a row has not is empty."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    for row in rows:
        table.writerow(["" if name not in row else _cell(row[name]) for name in names])
    return text.getvalue()


def json_text(value: Any) -> str:
    """Return a value as JSON; it has no NaN and no infinity, which are texts there."""
    return json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """Return a value with NaN and infinities in it as the texts "NaN", "Infinity" and "-Infinity"."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {name: finite(each) for name, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value


def fields_of(run: Run) -> dict[str, Any]:
    """Return what is known of a run without its settings and results, by name."""
    return {
        "number": run.number,
        "program": run.program,
        "state": run.state,
        "reason": run.reason,
        "started": moment(run.started_at, "seconds"),
        "ended": None if run.ended_at is None else moment(run.ended_at, "seconds"),
        "seconds": round(run.seconds, 3),
        "seed": run.seed,
        "sweep": None if run.label is None else run.label.sweep,
        "trial": None if run.label is None else run.label.trial,
        "folder": None if run.folder is None else str(run.folder),
        "data": run.data,
        "key": run.key,
    }


def moment(at: float, precision: str = "minutes") -> str:
    """Return a moment as a date and a time of this place."""
    return datetime.fromtimestamp(at).isoformat(" ", precision)


def duration(seconds: float) -> str:
    """Return a number of seconds as hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))


def shown(values: Mapping[str, Plain], name: str, digits: int = 6) -> str:
    """Return a value as a table shows it; empty where there is none."""
    return written(values[name], digits) if name in values else ""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    return written(value)
