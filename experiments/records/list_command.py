"""The command `list`: runs in a table, the newest first."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from experiments.records.choosing import (
    add_filters,
    add_formats,
    execute,
    found,
    make_parser,
    opened,
    query_of,
    say_how_many,
)
from experiments.records.tables import csv_text, duration, fields_of, json_text, moment, shown
from workbench.records import Query, Run, Store
from workbench.records.query import COLUMNS
from workbench.records.values import Plain, written
from workbench.tables import text_table

LIMIT = 20
HEADINGS = ("run", "started", "program", "state", "took", "seed", "result")
LEFT = (1, 2, 3)

Values = Mapping[str, Plain]


def main(arguments: Sequence[str] | None = None) -> int:
    """List runs and return the exit status."""
    parser = make_parser(
        "list",
        "List recorded runs, the newest first: number, beginning, program, state, time, seed, and the first "
        "of their results. A run whose process is gone without a word is lost.",
        "--program gan --where units=256 --sort best_mmd --columns units,learning_rate",
    )
    add_filters(parser, LIMIT)
    parser.add_argument(
        "--columns", metavar="NAME,NAME,...", default="", help="show these settings and results, too"
    )
    add_formats(parser, "print all that is known of them as CSV")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_list, options))


def _list(options: argparse.Namespace) -> int:
    query = query_of(options)
    with opened(options) as store:
        runs = found(store, query) if query.numbers or query.where else store.runs(query)
        if options.csv or options.json:
            rows, names = wide_rows(store, runs)
            print(csv_text(names, rows) if options.csv else json_text(rows), end="")
            return 0
        columns = shown_columns(options.columns.split(","), query)
        print(text_table([[*HEADINGS, *columns], *table_rows(store, runs, columns)], LEFT))
        say_how_many(store, query, len(runs))
    return 0


def shown_columns(given: Sequence[str], query: Query) -> list[str]:
    """Return the names to show: those that are asked for, and what runs are sorted by."""
    names = [name.strip() for name in given if name.strip()]
    sorted_by = [] if query.sort in COLUMNS else [query.sort]
    return list(dict.fromkeys([*names, *sorted_by]))


def table_rows(store: Store, runs: Sequence[Run], columns: Sequence[str]) -> list[list[str]]:
    """Return what stands below `HEADINGS` and further columns, a row for every run."""
    numbers = [run.number for run in runs]
    results = store.results(numbers)
    settings = store.settings(numbers) if columns else {}
    rows = []
    for run in runs:
        own = results[run.number]
        rows.append([*_cells(run, own), *_more({**settings.get(run.number, {}), **own}, columns)])
    return rows


def _cells(run: Run, results: Values) -> list[str]:
    name = next(iter(results), None)
    label = "" if run.label is None else f" ({run.label.sweep} {run.label.trial})"
    return [
        str(run.number),
        moment(run.started_at),
        run.program + label,
        run.state,
        duration(run.seconds),
        "" if run.seed is None else str(run.seed),
        "" if name is None else f"{name} {written(results[name])}",
    ]


def _more(values: Values, columns: Sequence[str]) -> list[str]:
    return [shown(values, name if name in values else name.replace("-", "_")) for name in columns]


def wide_rows(store: Store, runs: Sequence[Run]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a row for every run with all that is known of it, and the names of all columns.

    Settings are called `setting.NAME`, and results `result.NAME`.
    """
    numbers = [run.number for run in runs]
    settings, results = store.settings(numbers), store.results(numbers)
    rows = []
    names: dict[str, None] = {}
    for run in runs:
        row = fields_of(run)
        row |= {f"setting.{name}": value for name, value in settings[run.number].items()}
        row |= {f"result.{name}": value for name, value in results[run.number].items()}
        rows.append(row)
        names |= dict.fromkeys(row)
    return rows, list(names)
