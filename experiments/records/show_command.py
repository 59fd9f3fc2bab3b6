"""The command `show`: all that is known of a run."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from experiments.records.choosing import execute, make_parser, opened, parse_numbers
from experiments.records.tables import duration, fields_of, json_text, moment
from nn.byte_sizes import format_bytes
from workbench.records import Curve, Run, Session, Store
from workbench.records.labels import JOBS
from workbench.records.values import Plain, written
from workbench.tables import text_table

DIGEST = 12
"""Digits of a file's digest that are shown."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Show runs and return the exit status."""
    parser = make_parser(
        "show",
        "Show all that is known of a run: how and when it ran, on what, its settings, what came of it, its "
        "statistics and its files.",
        "12",
    )
    parser.add_argument("numbers", metavar="N", nargs="+", help="numbers of runs, as `list` shows them")
    parser.add_argument("--json", action="store_true", help="as JSON, statistics at every step included")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_show, options))


def _show(options: argparse.Namespace) -> int:
    with opened(options) as store:
        runs = [store.run(number) for number in parse_numbers(",".join(options.numbers))]
        if options.json:
            print(json_text([whole(store, run) for run in runs]), end="")
        else:
            print("\n\n".join(described(store, run) for run in runs))
    return 0


def whole(store: Store, run: Run) -> dict[str, Any]:
    """Return all that is known of a run, in JSON's terms."""
    number = run.number
    curves = store.statistics(number)
    return {
        **fields_of(run),
        "settings": store.settings([number])[number],
        "results": store.results([number])[number],
        "statistics": {name: curve._asdict() for name, curve in curves.items()},
        "artefacts": [{**each._asdict(), "path": str(each.path)} for each in store.artefacts(number)],
        "sessions": [each._asdict() for each in store.sessions(number)],
    }


def described(store: Store, run: Run) -> str:
    """Return all that is known of a run, as lines for people."""
    number = run.number
    parts = [
        "\n".join(_head(run)),
        *(_session(each) for each in store.sessions(number)),
        _values("settings", store.settings([number])[number]),
        _values("results", store.results([number])[number]),
        _statistics(store.statistics(number)),
        _artefacts(store, run),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(run: Run) -> Iterator[str]:
    reason = f": {run.reason}" if run.reason else ""
    yield f"run {run.number}, {run.program}, {run.state}{reason}"
    if run.label is not None:
        of_sweep = "" if run.label.sweep == JOBS else f" of the sweep {run.label.sweep}"
        yield f"{'trial' if of_sweep else 'job':10} {run.label.trial}{of_sweep}"
    if run.folder is not None:
        yield f"{'folder':10} {run.folder}"
    if run.seed is not None:
        yield f"{'seed':10} {run.seed}"
    if run.data:
        yield f"{'data':10} {run.data}"


def _session(session: Session) -> str:
    ended = "" if session.ended_at is None else f", {duration(session.ended_at - session.started_at)}"
    code = ", ".join(f"{name} {version}" for name, version in session.code.items())
    machine = ", ".join(f"{name} {_machine_part(name, part)}" for name, part in session.machine.items())
    lines = {
        "session": f"{moment(session.started_at, 'seconds')}{ended}: {session.state}",
        "command": session.command,
        "code": code,
        "machine": machine,
    }
    return "\n".join(f"{name:10} {text}" for name, text in lines.items())


def _machine_part(name: str, part: Plain) -> str:
    return format_bytes(part) if name == "memory" and isinstance(part, int) else written(part)


def _values(title: str, values: Mapping[str, Plain]) -> str:
    if not values:
        return ""
    rows = [[f"  {name}", written(value)] for name, value in values.items()]
    return f"{title}\n{text_table(rows, (0, 1))}"


def _statistics(curves: Mapping[str, Curve]) -> str:
    if not curves:
        return ""
    rows = [["statistics", "points", "first", "last", "lowest", "at step", "highest", "at step"]]
    rows += [[f"  {name}", *_summary(curve)] for name, curve in curves.items()]
    return text_table(rows, (0,))


def _summary(curve: Curve) -> list[str]:
    known = [(value, step) for step, value in zip(*curve, strict=True) if not math.isnan(value)]
    ends = [written(curve.values[0]), written(curve.values[-1])]
    if not known:
        return [f"{len(curve.steps):,}", *ends, *[""] * 4]
    extremes = (min(known), max(known, key=lambda each: (each[0], -each[1])))
    return [
        f"{len(curve.steps):,}",
        *ends,
        *(text for value, step in extremes for text in (written(value), f"{step:,}")),
    ]


def _artefacts(store: Store, run: Run) -> str:
    files = store.artefacts(run.number)
    if not files:
        return ""
    rows = [[f"  {each.path}", each.role, format_bytes(each.size), each.digest[:DIGEST]] for each in files]
    return "files\n" + text_table([["", "", "size", "sha256"], *rows], (0, 1, 3))
