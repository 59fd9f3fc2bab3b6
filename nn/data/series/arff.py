"""Weka's `.arff` files as the UEA archive has them: a series a line, variables in one relational attribute.

Format: Bouckaert et al., "Weka manual", chapter ARFF. Of one variable every step is a numeric attribute. Of
several there is a relational attribute whose rows are the variables: a quoted text with `\\n` between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.data.errors import DataError
from nn.data.series.recording import Recorded, Recording
from nn.data.series.series_set import default_variables
from nn.data.series.text import Line, NotANumberError, parse_numbers, read_lines, without_missing_end
from nn.short_text import short_repr

NUMERIC = frozenset(("numeric", "real", "integer"))

QUOTED = r"""'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*\""""
FIELD = re.compile(rf"""\s*({QUOTED}|[^,'"]*)\s*(,|$)""", re.DOTALL)
ATTRIBUTE = re.compile(rf"@attribute\s+({QUOTED}|[^\s'\"]+)\s+(.+)", re.IGNORECASE | re.DOTALL)

ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)

HOW_TO_LABEL = "give the class attribute of every line one of its values"


@dataclass(frozen=True)
class Attributes:
    """What the header declares.

    Attributes
    ----------
    steps
        How many steps there are.
    class_place
        Which field is the class; None without one.
    classes
        Its values, as declared.
    is_relational
        Whether one field holds all variables.
    """

    steps: int
    class_place: int | None
    classes: tuple[str, ...]
    is_relational: bool

    @property
    def fields(self) -> int:
        """How many a line has."""
        return (1 if self.is_relational else self.steps) + (self.class_place is not None)


def read_arff(path: Path) -> Recording:
    """Read the series of an `.arff` file. Classes are kept byte for byte, in the order of their declaration.

    A missing value is `?`; a missing end makes a series shorter.

    Raises
    ------
    DataError
        Naming the line, when the file has something else.
    """
    lines = _content(path)
    attributes = _read_header(lines, path)
    series: list[Recorded] = []
    for line in lines:
        recorded = _recorded(line, attributes, len(series), path)
        series.append(recorded)
    count = series[0].values.shape[1] if series else 1
    return Recording(series, default_variables(count), attributes.classes, HOW_TO_LABEL)


def _content(path: Path) -> Iterator[Line]:
    """Yield lines that are neither blank nor comments, without blanks around them."""
    for number, whole in read_lines(path):
        text = whole.strip()
        if text and not text.startswith("%"):
            yield Line(number, text)


def _read_header(lines: Iterator[Line], path: Path) -> Attributes:
    outside: list[tuple[Line, str]] = []
    inside: list[tuple[Line, str]] = []
    relational = None
    for line in lines:
        word = line.text.split(maxsplit=1)[0].lower()
        match = ATTRIBUTE.fullmatch(line.text)
        if word == "@data":
            if relational is not None:
                raise DataError(f"{path}: line {line.number}: @end {relational} is missing before @data")
            return _attributes(outside, inside, path)
        if match and match[2].strip().lower() == "relational":
            if relational is not None:
                raise DataError(f"{path}: line {line.number}: a relation within a relation: leave it out")
            relational = _unquoted(match[1])
            outside.append((line, "relational"))
        elif match:
            (outside if relational is None else inside).append((line, match[2].strip()))
        elif word == "@end" and relational is not None:
            relational = None
        elif word != "@relation":
            raise DataError(
                f"{path}: line {line.number}: {short_repr(line.text)} is none of @relation, @attribute with "
                "a name and a type, @end and @data: correct or remove it"
            )
    raise DataError(f"{path}: there is no line @data, after which the series come: is the file cut off?")


def _attributes(outside: list[tuple[Line, str]], inside: list[tuple[Line, str]], path: Path) -> Attributes:
    class_place: int | None = None
    classes: tuple[str, ...] = ()
    kinds = []
    for place, (line, kind) in enumerate(outside):
        if not kind.startswith("{"):
            kinds.append(_checked_kind(line, kind, path))
            continue
        if class_place is not None:
            raise DataError(f"{path}: line {line.number}: a second attribute with classes: leave one out")
        class_place, classes = place, _nominal(line, kind, path)
    for line, kind in inside:
        _checked_kind(line, kind, path)
    is_relational = "relational" in kinds
    steps = len(inside) if is_relational else len(kinds)
    if not steps or (is_relational and len(kinds) > 1):
        raise DataError(
            f"{path}: {len(kinds)} attributes of steps: give numeric ones, or one relational attribute with "
            "numeric ones in it, and at most one with classes"
        )
    return Attributes(steps, class_place, classes, is_relational)


def _checked_kind(line: Line, kind: str, path: Path) -> str:
    lower = kind.lower()
    if lower not in NUMERIC and lower != "relational":
        raise DataError(
            f"{path}: line {line.number}: type {short_repr(kind)}: only numeric, real, integer, relational "
            "and classes {a,b} are read: leave the attribute out"
        )
    return lower


def _nominal(line: Line, kind: str, path: Path) -> tuple[str, ...]:
    fields = _fields(kind[1:-1], line, path) if kind.endswith("}") else []
    classes = tuple(map(_unquoted, fields))
    if not classes or len(set(classes)) < len(classes):
        raise DataError(
            f"{path}: line {line.number}: {short_repr(kind)}: give different classes in braces, such as "
            "{a,b}"
        )
    return classes


def _fields(text: str, line: Line, path: Path) -> list[str]:
    """Return what commas outside of quotes separate, with its quotes."""
    fields, place, separator = [], 0, ","
    while separator:
        match = FIELD.match(text, place)
        if match is None:
            raise DataError(
                f"{path}: line {line.number}, at {short_repr(text[place:])}: a quote is not closed, or "
                "something is around it: is the line cut off?"
            )
        fields.append(match[1].strip())
        place, separator = match.end(), match[2]
    return fields


def _unquoted(field: str) -> str:
    """Return what a field means: without quotes, and what is escaped within them."""
    if field[:1] not in ("'", '"'):
        return field
    return ESCAPE.sub(_escaped, field[1:-1])


def _escaped(found: re.Match[str]) -> str:
    text = found[1]
    return chr(int(text[1:], 16)) if len(text) > 1 else ESCAPES.get(text, text)


def _recorded(line: Line, attributes: Attributes, number: int, path: Path) -> Recorded:
    if line.text.startswith("{"):
        raise DataError(f"{path}: line {line.number}: the sparse form is not read: save the file without it")
    fields = _fields(line.text, line, path)
    if len(fields) != attributes.fields:
        raise DataError(
            f"{path}: line {line.number}: {len(fields)} fields, but {attributes.fields} attributes: is the "
            "line cut off?"
        )
    label = None
    if attributes.class_place is not None:
        field = fields.pop(attributes.class_place)
        label = "" if field == "?" else _unquoted(field)
    rows = [fields]
    if attributes.is_relational:
        rows = [row.split(",") for row in _unquoted(fields[0]).split("\n")]
    values = [_numbers(row, variable, attributes, line, path) for variable, row in enumerate(rows)]
    return Recorded(without_missing_end(np.stack(values, axis=1)), str(number), label, [line.number])


def _numbers(
    fields: Sequence[str], variable: int, attributes: Attributes, line: Line, path: Path
) -> np.ndarray:
    where = f"{path}: line {line.number}, variable {variable + 1}"
    if len(fields) != attributes.steps:
        raise DataError(
            f"{where}: {len(fields)} steps, but {attributes.steps} are declared: fill shorter ones with ?"
        )
    try:
        return parse_numbers(fields)
    except NotANumberError as error:
        raise DataError(f"{where}, step {error.index}: {error}: a missing value is ?") from error
