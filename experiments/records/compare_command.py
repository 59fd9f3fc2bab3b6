"""The command `compare`: settings in which runs differ, and what came of each, side by side."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

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
from experiments.records.tables import csv_text, json_text, shown
from workbench.records import Run, Store
from workbench.records.values import Plain, encode
from workbench.tables import text_table

LIMIT = 8
"""Runs that fit side by side."""

Values = Mapping[int, Mapping[str, Plain]]


class Compared(NamedTuple):
    """Runs beside each other: the names of settings that differ, of results, and the values by run."""

    runs: Sequence[Run]
    differing: Sequence[str]
    settings: Values
    names: Sequence[str]
    results: Values


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare runs and return the exit status."""
    parser = make_parser(
        "compare",
        "Show in which settings, code, data and machines runs differ, and their results side by side.",
        "3 7 9",
    )
    parser.add_argument("numbers", metavar="N", nargs="*", help="numbers of runs, as `list` shows them")
    add_filters(parser, LIMIT)
    parser.add_argument("--all", action="store_true", help="settings that are the same, too")
    add_formats(parser, "print a line for every run as CSV")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_compare, options))


def _compare(options: argparse.Namespace) -> int:
    with opened(options) as store:
        query = query_of(options, options.numbers)
        query = replace(query, limit=None) if query.numbers else query
        runs = found(store, query, least=2)
        compared = compare(store, sorted(runs, key=lambda run: run.number), everything=options.all)
        if options.csv or options.json:
            rows = [_row(compared, run) for run in compared.runs]
            names = list(dict.fromkeys(name for row in rows for name in row))
            print(csv_text(names, rows) if options.csv else json_text(rows), end="")
        else:
            print(_table(compared))
            say_how_many(store, query, len(runs))
    return 0


def compare(store: Store, runs: Sequence[Run], *, everything: bool = False) -> Compared:
    """Return runs side by side.

    Parameters
    ----------
    store
        Where they are.
    runs
        Two or more.
    everything
        Whether settings count that are the same in all of them.
    """
    numbers = [run.number for run in runs]
    settings = {run.number: _settings(store, run) for run in runs}
    results = store.results(numbers)
    return Compared(runs, differing(settings, everything=everything), settings, _names(results), results)


def differing(values: Values, *, everything: bool = False) -> list[str]:
    """Return the names whose values differ between runs, or are missing in some; or all names."""
    kept = []
    for name in _names(values):
        seen = {encode(each[name]) if name in each else None for each in values.values()}
        if everything or len(seen) > 1:
            kept.append(name)
    return kept


def _settings(store: Store, run: Run) -> dict[str, Plain]:
    """Return settings, with all else that makes runs differ."""
    last = store.sessions(run.number)[-1]
    own: dict[str, Plain] = {"program": run.program, "seed": run.seed, "data fingerprint": run.data}
    about: dict[str, Plain] = {"machine": last.machine.get("name"), **last.code}
    return {**own, **store.settings([run.number])[run.number], **about}


def _names(values: Values) -> list[str]:
    return list(dict.fromkeys(name for each in values.values() for name in each))


def _row(compared: Compared, run: Run) -> dict[str, Plain]:
    settings, results = compared.settings[run.number], compared.results[run.number]
    chosen = {f"setting.{name}": settings[name] for name in compared.differing if name in settings}
    return {
        "number": run.number,
        "state": run.state,
        **chosen,
        **{f"result.{name}": value for name, value in results.items()},
    }


def _table(compared: Compared) -> str:
    return text_table(compared_rows(compared), (0,))


def compared_rows(compared: Compared) -> list[list[str]]:
    """Return the table: headings, states, settings that differ, and results, names indented below titles."""
    runs = compared.runs
    rows = [["", *(f"run {run.number}" for run in runs)], ["state", *(run.state for run in runs)]]
    settings, results = (compared.differing, compared.settings), (compared.names, compared.results)
    for title, (names, values) in (("settings", settings), ("results", results)):
        rows += [[""] * (1 + len(runs)), [title, *[""] * len(runs)]]
        rows += [[f"  {name}", *(shown(values[run.number], name) for run in runs)] for name in names]
        if not names:
            rows.append(["  all the same" if title == "settings" else "  none", *[""] * len(runs)])
    return rows
