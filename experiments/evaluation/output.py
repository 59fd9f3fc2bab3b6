"""What is left of an evaluation: the files of a report, and its summary for the terminal."""

from __future__ import annotations

import json
from pathlib import Path

from experiments.evaluation.figure import Report
from experiments.evaluation.page import render_page
from workbench.files import write_text


def write(report: Report, folder: Path) -> None:
    """Write `report.json` and `report.html` into a folder that is there."""
    text = json.dumps(report.as_dictionary(), indent=1, allow_nan=False)
    write_text(folder / "report.json", text + "\n")
    write_text(folder / "report.html", render_page(report))


def summary(report: Report) -> str:
    """Return a line for every figure, and the remarks."""
    lines = []
    for each in report.figures:
        spread = "" if each.uncertainty is None else f" ± {each.uncertainty:.2g}"
        floor = "" if each.floor is None else f"{each.floor:.4g}"
        lines.append(f"{each.name:<42}{f'{each.value:.4g}{spread}':>20}  floor {floor}")
    return "\n".join([*lines, *(f"! {flag}" for flag in report.flags)])
