"""Series in a CSV file (RFC 4180): a header, then a row for every step, or for every series."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.data.errors import DataError
from nn.data.series.recording import Recorded, Recording
from nn.data.series.roles import Places, Roles, find_places, place_of
from nn.data.series.text import (
    MISSING,
    NotANumberError,
    parse_numbers,
    parse_times,
    read_lines,
    without_missing_end,
)
from nn.short_text import join_names, short_repr

EMPTY_TOO = MISSING | {""}
"""An empty field is missing as well."""

STEP_COLUMN = re.compile(r"(.*?)[_.\- ]?([0-9]+)", re.DOTALL)
"""A variable, something between, and the number of a step."""

HOW_TO_LABEL = "fill the column of labels in every row"


class Row(NamedTuple):
    """Fields of a row, and the line it ends on."""

    line: int
    fields: list[str]


def read_table(path: Path, roles: Roles) -> Recording:
    """Read the series of a CSV file; fields of labels are kept byte for byte.

    Values that are missing are empty, `?` or NaN. Of rows that are whole series the missing end is none:
    these are shorter.

    Raises
    ------
    DataError
        Naming line and column, when the file is no such table.
    """
    rows = _rows(path)
    header = _header(next(rows, None), path)
    places = find_places(header, roles, path)
    if roles.row == "series":
        return _read_series_rows(rows, header, places, roles, path)
    return _read_step_rows(rows, header, places, roles, path)


def _rows(path: Path) -> Iterator[Row]:
    """Yield rows; blank ones may come at the end alone."""
    reader = csv.reader((line.text for line in read_lines(path)), strict=True)
    blank = 0
    try:
        for fields in reader:
            if not fields:
                blank = blank or reader.line_num
                continue
            if blank:
                raise DataError(f"{path}: line {blank} is blank, and more follow: remove it")
            yield Row(reader.line_num, fields)
    except csv.Error as error:
        raise DataError(
            f"{path}: line {reader.line_num}: no row of a CSV file: {error}: is the file cut off, or a quote "
            "not closed?"
        ) from error


def _header(row: Row | None, path: Path) -> list[str]:
    if row is None:
        raise DataError(f"{path}: there are no lines but blank ones: no series in it")
    names = row.fields
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: line {row.line}: two columns are called {join_names(twice)}: rename one")
    if "" in names:
        raise DataError(f"{path}: line {row.line}: column {names.index('') + 1} has no name: give it one")
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        raise DataError(
            f"{path}: line {row.line}: one column, with ; or tabs in it: separate columns by commas"
        )
    try:
        parse_numbers(names)
    except NotANumberError:
        return names
    raise DataError(f"{path}: line {row.line}: numbers, where the names of columns belong: add a first line")


def _check_count(row: Row, header: Sequence[str], path: Path) -> None:
    if len(row.fields) != len(header):
        raise DataError(
            f"{path}: line {row.line}: {len(row.fields)} fields, but {len(header)} columns in the first "
            "line: is the line cut off, or a comma not quoted?"
        )


def _numbers(row: Row, places: Sequence[int], header: Sequence[str], path: Path) -> np.ndarray:
    try:
        return parse_numbers([row.fields[place] for place in places], EMPTY_TOO)
    except NotANumberError as error:
        column = header[places[error.index]]
        raise DataError(
            f"{path}: line {row.line}, column {column}: {error}: correct it, leave the column out of the "
            "variables, or give it another role (series, label, time); what is missing is empty, ? or NaN"
        ) from error


@dataclass
class _Steps:
    """What was read of one series."""

    label: str | None
    lines: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: list[str] = field(default_factory=list)


def _read_step_rows(
    rows: Iterator[Row], header: list[str], places: Places, roles: Roles, path: Path
) -> Recording:
    chosen = places.others
    if roles.variables is not None:
        chosen = [place_of(name, header, "roles: variables", path) for name in roles.variables]
    if not chosen:
        raise DataError(f"{path}: no columns are left for variables: name them by Roles(variables=...)")
    found: dict[str, _Steps] = {}
    for row in rows:
        _check_count(row, header, path)
        name = "0" if places.series is None else row.fields[places.series]
        label = None if places.label is None else row.fields[places.label]
        steps = found.setdefault(name, _Steps(label))
        if label != steps.label:
            raise DataError(
                f"{path}: line {row.line}, column {header[places.label or 0]}: series {name} has label "
                f"{short_repr(label)} here and {short_repr(steps.label)} before: one series has one label; "
                "name the column that tells series apart by Roles(series=...)"
            )
        steps.values.frombytes(_numbers(row, chosen, header, path).tobytes())
        steps.lines.append(row.line)
        if places.time is not None:
            steps.times.append(row.fields[places.time])
    variables = tuple(header[place] for place in chosen)
    series = [
        Recorded(
            np.array(steps.values).reshape(-1, len(chosen)),
            name,
            steps.label,
            steps.lines,
            None if places.time is None else _times(steps, header[places.time], path),
        )
        for name, steps in found.items()
    ]
    return Recording(series, variables, how_to_label=HOW_TO_LABEL)


def _times(steps: _Steps, column: str, path: Path) -> np.ndarray:
    try:
        return parse_times(steps.times)
    except NotANumberError as error:
        raise DataError(
            f"{path}: line {steps.lines[error.index]}, column {column}: "
            f"{short_repr(steps.times[error.index])} is no time as those before: give numbers, or dates of "
            "ISO 8601, all with an offset or none"
        ) from error


def _read_series_rows(
    rows: Iterator[Row], header: list[str], places: Places, roles: Roles, path: Path
) -> Recording:
    variables, order = _step_columns(header, places.others, roles, path)
    series = []
    for number, row in enumerate(rows):
        _check_count(row, header, path)
        values = _numbers(row, order, header, path).reshape(-1, len(variables))
        name = str(number) if places.series is None else row.fields[places.series]
        label = None if places.label is None else row.fields[places.label]
        series.append(Recorded(without_missing_end(values), name, label, [row.line]))
    names = [each.name for each in series]
    if len(set(names)) < len(names):
        twice = next(each for each in series if names.count(each.name) > 1)
        raise DataError(f"{path}: {twice.place()} has two rows: give every series a name of its own")
    return Recording(series, variables, how_to_label=HOW_TO_LABEL)


def _step_columns(
    header: Sequence[str], places: Sequence[int], roles: Roles, path: Path
) -> tuple[tuple[str, ...], list[int]]:
    """Return variables, and the columns of all their steps: step after step, variable after variable."""
    columns: dict[str, dict[int, int]] = {}
    for place in places:
        match = STEP_COLUMN.fullmatch(header[place])
        if match is None:
            if roles.variables is not None:
                continue
            raise DataError(
                f"{path}: column {header[place]} is none of a variable and a step, such as x0: give it a "
                "role, name the variables, or leave row='series' out"
            )
        steps = columns.setdefault(match[1], {})
        step = int(match[2])
        if step in steps:
            raise DataError(
                f"{path}: columns {header[steps[step]]} and {header[place]} are the same step: rename one"
            )
        steps[step] = place
    if roles.variables is not None:
        for name in roles.variables:
            place_of(name, list(columns), "roles: variables", path)
        columns = {name: columns[name] for name in roles.variables}
    if not columns:
        raise DataError(f"{path}: no columns are left for variables, such as x0, x1")
    first = sorted(next(iter(columns.values())))
    for name, own in columns.items():
        if sorted(own) != list(range(first[0], first[0] + len(first))):
            raise DataError(
                f"{path}: variable {name} has the steps {join_names(sorted(own))}: every variable must have "
                f"all from {first[0]} to {first[0] + len(first) - 1}"
            )
    variables = tuple(name or "value" for name in columns)
    return variables, [columns[name][step] for step in first for name in columns]
