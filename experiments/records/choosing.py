"""Which runs a command is about: the options that all commands on records have."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from experiments.parser import Parser
from workbench.errors import InputError
from workbench.exit_status import escape_names, reported
from workbench.records import Comparison, Query, Run, Store, records_path
from workbench.records.run import STATES

UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
AGO = re.compile(r"(\d+) ?(minute|hour|day|week)s?")
NEWEST_FIRST = ("number", "started", "ended")

MOST_NUMBERS = 100_000
"""Runs that can be named by number."""


def make_parser(command: str, description: str, example: str) -> Parser:
    """Return a parser with the option `--records`."""
    parser = Parser(
        prog=f"python -m experiments {command}",
        description=description,
        epilog=f"example: python -m experiments {command} {example}",
    )
    parser.add_argument(
        "--records", metavar="FILE", help="records file (default $GANGLION_RECORDS or runs/records.sqlite)"
    )
    return parser


def add_filters(parser: argparse.ArgumentParser, limit: int | None = None) -> None:
    """Add options that choose runs; with a limit also those that order them."""
    group = parser.add_argument_group("which runs; all conditions hold together")
    group.add_argument("--runs", metavar="N,N-N,...", help="these numbers")
    group.add_argument("--program", metavar="NAME", action="append", default=[], help="of this program")
    group.add_argument("--state", choices=STATES, action="append", default=[], help="in this state")
    group.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        default=[],
        help="with such a setting or result: units=256, 'loss<0.1', task!=both; none and nan are values",
    )
    group.add_argument("--since", metavar="WHEN", help="begun then or later: 2026-05-31, 3days")
    group.add_argument("--sweep", metavar="NAME", help="of the trials of this sweep")
    if limit is None:
        return
    group.add_argument("--sort", metavar="NAME", default="number", help="by a setting, a result or started")
    group.add_argument("--reverse", action="store_true", help="in the other direction")
    group.add_argument("--limit", type=int, default=limit, metavar="N", help="so many; 0: all (%(default)s)")


def query_of(options: argparse.Namespace, numbers: Sequence[str] = ()) -> Query:
    """Return what the options, and numbers given without one, ask for.

    Raises
    ------
    InputError
        When one of them makes no sense.
    """
    sort, limit = getattr(options, "sort", "number"), getattr(options, "limit", 0)
    if limit < 0:
        raise InputError(f"--limit {limit}: give a whole number of at least 0; 0 shows all")
    given = ",".join([*numbers, *([] if options.runs is None else [options.runs])])
    return Query(
        numbers=parse_numbers(given) if given else (),
        programs=options.program,
        states=options.state,
        where=[Comparison.parse(text) for text in options.where],
        since=None if options.since is None else parse_moment(options.since),
        sweep=options.sweep,
        sort=sort,
        descending=(sort in NEWEST_FIRST) != getattr(options, "reverse", False),
        limit=limit or None,
    )


def chooses(options: argparse.Namespace) -> bool:
    """Return whether any option chooses some of the runs."""
    given = (options.runs, options.program, options.state, options.where, options.since, options.sweep)
    return any(given)


def parse_numbers(text: str) -> list[int]:
    """Return the numbers of runs in a text: `3`, `3,5`, `3-7`.

    Raises
    ------
    InputError
        When it has something else.
    """
    numbers: dict[int, None] = {}
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,18})(?:-(\d{1,18}))?\s*", part)
        if found is None:
            raise InputError(f"{part!r} is no number of a run: give numbers such as 3, 3,5 or 3-7")
        first, last = int(found[1]), int(found[2] or found[1])
        if last - first >= MOST_NUMBERS:
            raise InputError(f"{part!r}: is more than {MOST_NUMBERS:,} runs: choose by --where or --since")
        numbers.update(dict.fromkeys(range(first, last + 1)))
    return list(numbers)


def parse_moment(text: str) -> float:
    """Return the moment that a date, or a time ago, stands for, in seconds since 1970.

    Raises
    ------
    InputError
        When it is neither.
    """
    if ago := AGO.fullmatch(text.strip()):
        return time.time() - int(ago[1]) * UNITS[ago[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"--since {text}: give a date such as 2026-05-31 or '2026-05-31 12:00', or 3days"
        ) from error


def opened(options: argparse.Namespace) -> Store:
    """Return the records file, open.

    Raises
    ------
    RecordsError
        When there is none, or it cannot be used.
    """
    path = records_path(options.records)
    if path is None:
        raise InputError("records are off (GANGLION_RECORDS): --records FILE says where they are")
    return Store.open(path)


def found(store: Store, query: Query, least: int = 1) -> list[Run]:
    """Return the runs that are asked for.

    Raises
    ------
    InputError
        When one of the numbers is none, a condition names what no run has, or there are too few.
    """
    runs = store.runs(query)
    there = {run.number for run in runs}
    for number in query.numbers:
        if number not in there:
            store.run(number)  # which says that there is none, unless another condition left it out
    if len(runs) < least:
        check_names(store, query)
        asked = "at least two runs" if least > 1 else "a run"
        raise InputError(f"{store.path}: {asked} must fit; {len(runs) or 'none'} does")
    return runs


def say_how_many(store: Store, query: Query, shown: int) -> None:
    """Print how many runs are not shown because of the limit, if there are any."""
    if query.limit is not None and shown == query.limit and (count := store.count(query)) > shown:
        print(f"\n{shown:,} of {count:,} runs; --limit 0 shows all")


def check_names(store: Store, query: Query) -> None:
    """Refuse conditions on what no run has.

    Raises
    ------
    InputError
        Naming it, and what is near.
    """
    if not query.where:
        return
    names = set(store.names())
    for each in query.where:
        if not {each.name, each.name.replace("-", "_")} & names:
            near = store.nearest(each.name)
            raise InputError(f"no run has a setting or a result called {each.name!r}{near}")


def add_formats(parser: argparse.ArgumentParser, csv: str) -> None:
    """Add options that print rows in place of a table, given what is said of CSV."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--csv", action="store_true", help=csv)
    formats.add_argument("--json", action="store_true", help="the same as JSON")


def execute(parser: argparse.ArgumentParser, run: Callable[[], int]) -> int:
    """Run a command and return its exit status; an error is one line."""
    escape_names()
    return reported(parser.prog, run)
