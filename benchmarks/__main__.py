"""Measure rows, or write what was measured: `python -m benchmarks [FAMILY ...]`, `... report`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numba

from benchmarks.environment import this_environment
from benchmarks.figures import RESULTS, Measured, MeasuredRow, load_all, save
from benchmarks.machine import Limits, contended, measure_limits
from benchmarks.measure import measure_row
from benchmarks.report import report
from benchmarks.row import Row
from benchmarks.rows import rows_by_family
from benchmarks.tables import LEFT, meaning, times
from workbench.tables import text_table

REPORT = "report"
USUAL_SECONDS = 30.0
"""Seconds that a row is expected to take if it was never measured."""

CONTENDED = "all threads reach less than one: the machine is in use, so nothing was measured or kept"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or report; return the exit status: 1 where rows disagree or the machine is in use."""
    parser = _parser()
    options = parser.parse_args(arguments)
    rows = rows_by_family()
    if options.families == [REPORT]:
        for path in report(rows):
            print(path)
        return 0
    unknown = sorted(set(options.families) - set(rows))
    if unknown:
        parser.error(f"unknown family {', '.join(unknown)}; known: {', '.join(rows)}, or {REPORT} alone")
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    chosen = {family: rows[family] for family in options.families or rows}
    expected = _expected_seconds(chosen, options.results)
    if options.list:
        print(_listing(chosen, expected))
        return 0
    return _measure(chosen, expected, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time every rung against the one below, PyTorch, JAX and the machine's limits.",
        epilog="examples: python -m benchmarks dense local; python -m benchmarks report",
    )
    parser.add_argument(
        "families",
        nargs="*",
        metavar="FAMILY",
        help=f"tables to measure (all), or {REPORT}: write documents, headers and picture from what is kept",
    )
    parser.add_argument("--repeats", type=int, default=9, help="turns of every contestant (default 9)")
    parser.add_argument(
        "--rows", default="", metavar="TEXT", help="only rows with this in their title; keeps nothing"
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="PEER", help='leave out a peer: "PyTorch compiled"'
    )
    parser.add_argument("--list", action="store_true", help="say what there is and how long it took")
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="folder that results are kept in (benchmarks/results)"
    )
    return parser


def _expected_seconds(rows: Mapping[str, Sequence[Row]], folder: Path) -> dict[tuple[str, str], float]:
    """Return the seconds that every row took the last time."""
    before = load_all(list(rows), folder)
    took = {(family, row.title): row.took for family, each in before.items() for row in each.rows}
    return {
        (family, row.title): took.get((family, row.title), USUAL_SECONDS)
        for family, each in rows.items()
        for row in each
    }


def _listing(rows: Mapping[str, Sequence[Row]], expected: Mapping[tuple[str, str], float]) -> str:
    lines = []
    for family, each in rows.items():
        seconds = sum(expected[family, row.title] for row in each)
        lines.append(f"{family}, {seconds:.0f} s")
        lines += [f"  {row.title}: {', '.join(row.directions)}" for row in each]
    return "\n".join([*lines, f"in all about {sum(expected.values()) / 60:.0f} min"])


def _measure(
    rows: Mapping[str, Sequence[Row]], expected: dict[tuple[str, str], float], options: argparse.Namespace
) -> int:
    environment = this_environment()
    threads = sorted({1, numba.config.NUMBA_NUM_THREADS})
    limits = tuple(measure_limits(count, options.repeats) for count in threads)
    print(f"{environment}\n{_limits_text(limits)}", flush=True)
    if contended(limits):
        print(CONTENDED, file=sys.stderr)
        return 1
    progress = _Progress(expected)
    failed = 0
    for family, each in rows.items():
        found: list[MeasuredRow] = []
        chosen = [row for row in each if options.rows in row.title]
        for row in chosen:
            progress.begin(family, row)
            try:
                found.append(measure_row(row, options.repeats, options.without))
            except AssertionError as error:
                failed += 1
                print(f"{family}: {row.title}: {error}", file=sys.stderr, flush=True)
        if found:
            measured = Measured(family, environment, limits, tuple(found))
            tables = times(measured), meaning(measured)
            shown = (text_table([headings, *rows], LEFT) for headings, rows in tables)
            print("\n{}\n\n{}\n".format(*shown), flush=True)
            if len(found) == len(each):
                save(measured, options.results)
    return 1 if failed else 0


def _limits_text(limits: Sequence[Limits]) -> str:
    """Print the limits of the machine."""
    lines = []
    for limit in limits:
        products = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in limit.products.items())
        plural = "thread" if limit.threads == 1 else "threads"
        rates = f"matrix products in GFLOP/s: {products}; memory {limit.bandwidth / 1e9:.1f} GB/s"
        lines.append(f"{limit.threads} {plural}: {rates}")
    return "\n".join(lines)


class _Progress:
    """Prints the next row and how long the rest will take, from the times of the last run."""

    def __init__(self, expected: dict[tuple[str, str], float]) -> None:
        self._left = dict(expected)
        self._done = 0.0
        self._began = time.perf_counter()
        self._count = len(expected)

    def begin(self, family: str, row: Row) -> None:
        """Print a line."""
        elapsed = time.perf_counter() - self._began
        slower = elapsed / self._done if self._done else 1.0
        number = self._count - len(self._left) + 1
        minutes = slower * sum(self._left.values()) / 60
        print(f"{number}/{self._count} {family}: {row.title} (about {minutes:.1f} min left)", flush=True)
        self._done += self._left.pop((family, row.title))


if __name__ == "__main__":
    raise SystemExit(main())
