"""Run the ladder benchmarks: `python -m benchmarks [FAMILY ...]`."""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np

from benchmarks.machine import Limits, measure_limits, processor
from benchmarks.measure import Figure, measure_row
from benchmarks.optimizer_table import HEADINGS, optimizer_rows
from benchmarks.peers import torch
from benchmarks.report import ladder_table, limits_text, markdown_table, text_table, write_between_markers
from benchmarks.rows import all_rows

OPTIMIZERS = "optimizers"
DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Measure, print a table a ladder, and write what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time every rung against the one below, PyTorch and the machine's limits.",
        epilog="example: python -m benchmarks dense local --json figures.json",
    )
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="a ladder, or optimizers (all)")
    parser.add_argument("--repeats", type=int, default=9, help="turns of every contestant (default 9)")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--write", action="store_true", help=f"rewrite the tables of {DOCUMENT.name}")
    options = parser.parse_args()
    rows = all_rows()
    known = [*dict.fromkeys(row.family for row in rows), OPTIMIZERS]
    unknown = sorted(set(options.families) - set(known))
    if unknown:
        parser.error(f"unknown family {', '.join(unknown)}; known: {', '.join(known)}")
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    families = options.families or known
    limits = {count: measure_limits(count) for count in sorted({1, numba.config.NUMBA_NUM_THREADS})}
    print(f"{environment()}\n{limits_text(limits.values())}")
    figures: list[Figure] = []
    for family in (each for each in families if each != OPTIMIZERS):
        for row in rows:
            if row.family == family:
                figures += measure_row(row, limits, options.repeats)
        print(f"\n{family}\n{ladder_table(figures, family)}", flush=True)
        if options.write:
            write_between_markers(DOCUMENT, family, ladder_table(figures, family, markdown=True))
    if OPTIMIZERS in families:
        cells = optimizer_rows(limits, options.repeats)
        print(f"\n{OPTIMIZERS}\n{text_table(HEADINGS, cells)}", flush=True)
        if options.write:
            write_between_markers(DOCUMENT, OPTIMIZERS, markdown_table(HEADINGS, cells))
    if options.write:
        write_between_markers(DOCUMENT, "machine", f"{environment()}\n\n{limits_text(limits.values())}")
    if options.json:
        write_json(options.json, limits, figures)
    return 0


def environment() -> str:
    """Name the processor, the threads and the versions."""
    peer = f", PyTorch {torch.__version__}" if torch is not None else ""
    return (
        f"{processor()}, {numba.config.NUMBA_NUM_THREADS} threads; Python {platform.python_version()}, "
        f"NumPy {np.__version__}, Numba {version('numba')}{peer}"
    )


def write_json(path: Path, limits: dict[int, Limits], figures: list[Figure]) -> None:
    """Write limits and figures."""
    content = {
        "environment": environment(),
        "limits": [vars(limit) for limit in limits.values()],
        "figures": [figure.to_dict() for figure in figures],
    }
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
