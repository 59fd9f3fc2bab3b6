"""Which runs are asked for, in what order: conditions turned into SQL."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.errors import InputError
from workbench.records.run import LOST, RUNNING
from workbench.records.values import NAN, NONE

OPERATORS = ("!=", "<=", ">=", "=", "<", ">")
WRITTEN = re.compile(r"(?P<name>[^=<>!]+)(?P<operator>!=|<=|>=|=|<|>)(?P<text>.*)", re.DOTALL)

COLUMNS = {
    "number": "number",
    "started": "started_at",
    "ended": "ended_at",
    "program": "program",
    "state": "state",
    "seed": "seed",
    "trial": "trial",
}
"""What a run itself can be sorted by, and its column."""


class Comparison(NamedTuple):
    """A condition on a setting or a result: `units=256`, `loss<0.1`.

    Attributes
    ----------
    name
        Of the setting or result.
    operator
        One of `OPERATORS`.
    text
        What it is compared with, as a user writes it.
    """

    name: str
    operator: str
    text: str

    @classmethod
    def parse(cls, text: str) -> Comparison:
        """Return the condition that a text stands for.

        Raises
        ------
        InputError
            When it is none.
        """
        found = WRITTEN.fullmatch(text)
        if found is None:
            signs = " ".join(OPERATORS)
            raise InputError(f"{text!r} is no condition: give a name, one of {signs} and a value")
        name, operator, value = (found[group].strip() for group in ("name", "operator", "text"))
        if operator in ("<", "<=", ">", ">=") and _number(value) is None:
            raise InputError(f"{text!r}: {value!r} is no number, which {operator} needs")
        return cls(name, operator, value)

    def sql(self) -> tuple[str, list[Any]]:
        """Return a condition on `runs`, and what stands for its question marks."""
        condition, values = self._on_value()
        names = list(dict.fromkeys((self.name, self.name.replace("-", "_"))))
        known = f"name IN ({', '.join('?' * len(names))})"
        parts = [
            f"number IN (SELECT run FROM {table} WHERE {known} AND {condition})"
            for table in ("settings", "results")
        ]
        return f"({' OR '.join(parts)})", [*names, *values] * 2

    def _on_value(self) -> tuple[str, list[Any]]:
        if self.operator not in ("=", "!="):
            condition = f"kind IN ('integer', 'real', 'boolean') AND value {self.operator} ?"
            return condition, [_number(self.text)]
        nothing = {"none": NONE, "nan": NAN}.get(self.text.lower())
        candidates = _candidates(self.text)
        condition, values = f"value IN ({', '.join('?' * len(candidates))})", candidates
        if nothing is not None:
            condition, values = f"({condition} OR kind = ?)", [*candidates, nothing]
        return (condition, values) if self.operator == "=" else (f"NOT ifnull({condition}, 0)", values)


def _number(text: str) -> float | int | None:
    """Return the number that a text stands for; None for no number, or NaN, which nothing compares with."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if isinstance(value, int) or not math.isnan(value):
            return value if abs(value) < 2**63 or isinstance(value, float) else float(value)
    return None


def _candidates(text: str) -> list[Any]:
    """Return all values that a user may mean by a text."""
    found: list[Any] = [text]
    number = _number(text)
    if number is not None:
        found.append(number)
    if text.lower() in ("yes", "true", "no", "false"):
        found.append(int(text.lower() in ("yes", "true")))
    if "," in text:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        numbers = [_number(part) for part in parts]
        found.append(json.dumps(parts, separators=(",", ":")))
        if None not in numbers:
            found.append(json.dumps(numbers, separators=(",", ":")))
    return found


@dataclass(frozen=True)
class Query:
    """Which runs, and in what order; all conditions hold together.

    Attributes
    ----------
    numbers, programs, states
        One of these; empty for all.
    where
        Conditions on settings and results.
    since
        Seconds since 1970; runs that began then or later.
    sweep
        Runs of that sweep's trials; None for all runs.
    trial
        Runs of that trial.
    sort
        A setting, a result or one of `COLUMNS`; runs without it come last, those with NaN before them.
    descending
        Whether the largest come first.
    limit
        Most runs; None for all.
    skip
        Runs that are left out at the beginning.
    """

    numbers: Sequence[int] = ()
    programs: Sequence[str] = ()
    states: Sequence[str] = ()
    where: Sequence[Comparison] = ()
    since: float | None = None
    sweep: str | None = None
    trial: int | None = None
    sort: str = "number"
    descending: bool = True
    limit: int | None = None
    skip: int = 0

    def conditions(self) -> tuple[str, list[Any]]:
        """Return a condition on `runs` in SQL, and what stands for its question marks."""
        conditions, values = ["TRUE"], []
        for column, chosen in (("number", self.numbers), ("program", self.programs), ("state", self._states)):
            if chosen:
                conditions.append(f"{column} IN ({', '.join('?' * len(chosen))})")
                values += list(chosen)
        limits = {"started_at >= ?": self.since, "sweep = ?": self.sweep, "trial = ?": self.trial}
        for condition, value in limits.items():
            if value is not None:
                conditions.append(condition)
                values.append(value)
        for comparison in self.where:
            condition, more = comparison.sql()
            conditions.append(condition)
            values += more
        return " AND ".join(conditions), values

    @property
    def _states(self) -> Sequence[str]:
        """States as they are written: a run that is lost may still say that it runs."""
        return [*self.states, RUNNING] if LOST in self.states else self.states
