"""The command `export`: runs as CSV, JSON, or files that TensorBoard reads."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from experiments.records.choosing import add_filters, execute, found, make_parser, opened, query_of
from experiments.records.list_command import wide_rows
from experiments.records.show_command import whole
from experiments.records.tables import csv_text, json_text
from workbench.errors import InputError
from workbench.records import Run, Store

STATISTICS = ("run", "statistic", "step", "value")

KEPT_BY_TENSORBOARD = 10_000
"""Points of a curve that TensorBoard keeps unless it is told otherwise."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Export runs and return the exit status."""
    parser = make_parser(
        "export",
        "Write runs to a file: a .csv with a line for each, or a .json with all that is known of them. "
        "--statistics makes a .csv of their statistics instead, with a line for every run, statistic and "
        "step; --tensorboard a folder for TensorBoard.",
        "runs.csv --program gan",
    )
    parser.add_argument("output", type=Path, metavar="PATH", help="a .csv, a .json, or the folder")
    add_filters(parser)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--statistics", action="store_true", help="the statistics, as .csv")
    kinds.add_argument("--tensorboard", action="store_true", help="event files, which need tensorboardX")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_export, options))


def _export(options: argparse.Namespace) -> int:
    suffix = options.output.suffix.lower()
    wanted = (".csv",) if options.statistics else (".csv", ".json")
    if not options.tensorboard and suffix not in wanted:
        raise InputError(f"{options.output}: give a file that ends in {' or '.join(wanted)}")
    with opened(options) as store:
        runs = sorted(found(store, query_of(options)), key=lambda run: run.number)
        if options.tensorboard:
            _export_tensorboard(store, runs, options.output)
        else:
            _write(options.output, _text(store, runs, suffix, statistics=options.statistics))
    print(f"{'exported':10} {len(runs):,} runs to {options.output}")
    return 0


def _text(store: Store, runs: Sequence[Run], suffix: str, *, statistics: bool) -> str:
    if statistics:
        return csv_text(STATISTICS, [row for run in runs for row in _points(store, run)])
    if suffix == ".json":
        return json_text([whole(store, run) for run in runs])
    rows, names = wide_rows(store, runs)
    return csv_text(names, rows)


def _points(store: Store, run: Run) -> Iterator[dict[str, Any]]:
    for name, curve in store.statistics(run.number).items():
        for step, value in zip(*curve, strict=True):
            yield dict(zip(STATISTICS, (run.number, name, step, value), strict=True))


def _write(path: Path, text: str) -> None:
    from workbench.files import make_directory, write_text  # noqa: PLC0415 - NumPy

    make_directory(path.parent)
    write_text(path, text)


def _export_tensorboard(store: Store, runs: Sequence[Run], folder: Path) -> None:
    """Write the statistics of every run to a folder of its own.

    Raises
    ------
    InputError
        When tensorboardX is not installed, or one of the folders is there already.
    """
    from nn.training.event_file import EventFile, require_tensorboardx  # noqa: PLC0415 - NumPy

    try:
        require_tensorboardx()
    except ModuleNotFoundError as error:
        raise InputError(str(error)) from error
    places = {run.number: folder / f"{run.number}-{_file_name(run.program)}" for run in runs}
    for place in places.values():
        if place.exists():
            raise InputError(f"{place}: is there already: TensorBoard would read both; give another folder")
    longest = 0
    for run in runs:
        file = EventFile(places[run.number], 0)
        for name, curve in store.statistics(run.number).items():
            longest = max(longest, len(curve.steps))
            for step, value in zip(*curve, strict=True):
                file.scalar(name, value, step)
        file.flush()
        file.close()
    if longest > KEPT_BY_TENSORBOARD:
        more = f"--samples_per_plugin scalars={longest}"
        print(f"{'curves':10} have up to {longest:,} points: tensorboard --logdir {folder} {more} shows all")


def _file_name(text: str) -> str:
    return "".join(each if each.isalnum() or each in "-_" else "_" for each in text)
