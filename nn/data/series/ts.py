"""The UEA archive's `.ts` files: a header of `@` lines, then a series a line, variables separated by colons.

Format: the specification of sktime and aeon, ".ts file format" 1.0. With `@timeStamps true` values are pairs,
`(time,value)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nn.data.errors import DataError
from nn.data.series.recording import Recorded, Recording
from nn.data.series.series_set import default_variables
from nn.data.series.text import (
    Line,
    NotANumberError,
    parse_numbers,
    parse_times,
    read_lines,
    without_blank_end,
    without_missing_end,
)
from nn.short_text import join_names, short_repr

FLAGS = {"timestamps", "missing", "univariate", "equallength"}
COUNTS = {"dimensions": "dimensions", "dimension": "dimensions", "serieslength": "serieslength"}
KNOWN = ("problemName", "timeStamps", "missing", "univariate", "dimensions", "equalLength", "seriesLength",
         "classLabel", "targetLabel", "data")  # fmt: skip

PAIR = re.compile(r"\s*\(([^()]*),([^(),]*)\)\s*([,:]?)")
"""A time and a value, and what separates them from what follows. Dates may hold commas and colons."""

HOW_TO_LABEL = "end every line with : and its class"


@dataclass(frozen=True)
class Header:
    """What the lines before the series say.

    Attributes
    ----------
    flags
        Lower-case names, and whether they hold; of those that are there.
    counts
        "dimensions" and "serieslength", of those that are there.
    has_labels
        Whether lines end with a class.
    classes
        All of them, as declared.
    """

    flags: dict[str, bool]
    counts: dict[str, int]
    has_labels: bool
    classes: tuple[str, ...]

    def is_true(self, name: str) -> bool:
        """Return whether a flag is there and holds."""
        return self.flags.get(name, False)


def read_ts(path: Path) -> Recording:
    """Read the series of a `.ts` file. Classes are kept byte for byte, in the order of `@classLabel`.

    What the header says is held: flags, numbers of dimensions, lengths, classes. A missing value is `?` or
    NaN.

    Raises
    ------
    DataError
        Naming the line, when the file has something else.
    """
    lines = _content(read_lines(path))
    header = _read_header((line for line in lines if line.text), path)
    read = _timed if header.is_true("timestamps") else _plain
    series: list[Recorded] = []
    first: tuple[int, ...] = ()
    for line in without_blank_end(lines, path):
        recorded = read(line, header, len(series), path)
        first = first or recorded.values.shape
        series.append(_hold_to_header(recorded, first, header, path))
    variables = default_variables(series[0].values.shape[1]) if series else ()
    return Recording(series, variables, header.classes, HOW_TO_LABEL)


def _content(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield lines that are no comments, without blanks around them."""
    for number, text in lines:
        if text.strip()[:1] not in ("#", "%"):
            yield Line(number, text.strip())


def _read_header(lines: Iterator[Line], path: Path) -> Header:
    flags: dict[str, bool] = {}
    counts: dict[str, int] = {}
    classes: list[str] | None = None
    seen: set[str] = set()
    for line in lines:
        name, *words = line.text.split()
        key = name.lower().removeprefix("@")
        if not name.startswith("@"):
            raise DataError(
                f"{path}: line {line.number}: {short_repr(line.text)} comes before @data: is that missing?"
            )
        if key == "problemname":
            continue
        if key in seen:
            raise DataError(f"{path}: line {line.number}: a second {name}: remove one")
        seen.add(key)
        if key == "data":
            return Header(flags, counts, classes is not None, tuple(classes or ()))
        if key in FLAGS:
            flags[key] = _flag(line, words, path)
        elif key in COUNTS:
            counts[COUNTS[key]] = _count(line, words, path)
        elif key == "classlabel":
            classes = _classes(line, words, path)
        elif key == "targetlabel":
            if _flag(line, words, path):
                raise DataError(
                    f"{path}: line {line.number}: targets are numbers, and only classes are read: remove "
                    "them and this line"
                )
        else:
            raise DataError(
                f"{path}: line {line.number}: {short_repr(name)} is unknown; known: "
                f"{', '.join(f'@{each}' for each in KNOWN)}: correct or remove it"
            )
    raise DataError(f"{path}: there is no line @data, after which the series come: is the file cut off?")


def _flag(line: Line, words: Sequence[str], path: Path) -> bool:
    value = words[0].lower() if len(words) == 1 else ""
    if value not in ("true", "false"):
        raise DataError(f"{path}: line {line.number}: {short_repr(line.text)}: give true or false")
    return value == "true"


def _count(line: Line, words: Sequence[str], path: Path) -> int:
    if len(words) != 1 or not re.fullmatch(r"[0-9]{1,18}", words[0]) or not int(words[0]):
        raise DataError(
            f"{path}: line {line.number}: {short_repr(line.text)}: give a whole number of at least 1"
        )
    return int(words[0])


def _classes(line: Line, words: Sequence[str], path: Path) -> list[str] | None:
    if not _flag(line, words[:1], path):
        return None
    classes = list(words[1:])
    if len(set(classes)) < len(classes):
        twice = next(each for each in classes if classes.count(each) > 1)
        raise DataError(f"{path}: line {line.number}: class {short_repr(twice)} is there twice: remove one")
    return classes


def _plain(line: Line, header: Header, number: int, path: Path) -> Recorded:
    text, label = _without_label(line, header, path)
    columns = []
    for variable, part in enumerate(text.split(":")):
        fields = part.split(",") if part.strip() else []
        try:
            columns.append(parse_numbers(fields))
        except NotANumberError as error:
            raise DataError(
                f"{path}: line {line.number}, dimension {variable + 1}, step {error.index}: {error}: a "
                "missing value is ?; a class at the end needs @classLabel true and the classes in the header"
            ) from error
    return Recorded(_side_by_side(columns, line, path), str(number), label, [line.number])


def _without_label(line: Line, header: Header, path: Path) -> tuple[str, str | None]:
    """Return a line without its class, and that; with a class that holds colons the longest that fits."""
    if not header.has_labels:
        return line.text, None
    fits = [each for each in header.classes if ":" in each and line.text.endswith(f":{each}")]
    if fits:
        label = max(fits, key=len)
        return line.text[: -len(label) - 1], label
    text, colon, label = line.text.rpartition(":")
    if not colon:
        raise DataError(
            f"{path}: line {line.number}: the label is missing: {HOW_TO_LABEL}; is the line cut off?"
        )
    return text, label.strip()


def _timed(line: Line, header: Header, number: int, path: Path) -> Recorded:
    dimensions: list[list[tuple[str, str]]] = [[]]
    place, separator = 0, ","
    while match := PAIR.match(line.text, place):
        if separator == ":":
            dimensions.append([])
        dimensions[-1].append((match[1], match[2]))
        place, separator = match.end(), match[3]
        if not separator:
            break
    rest = line.text[place:]
    if separator == "," or (not separator and rest):
        raise DataError(
            f"{path}: line {line.number}, at {short_repr(rest)}: no pair (time,value), as @timeStamps true "
            "has it: is the line cut off?"
        )
    label = _timed_label(rest, separator, line, header, path)
    try:
        columns = [parse_numbers([value for _, value in pairs]) for pairs in dimensions]
        times = [parse_times([time for time, _ in pairs]) for pairs in dimensions]
    except NotANumberError as error:
        raise DataError(
            f"{path}: line {line.number}, step {error.index}: {error}: pairs are (time,value): a time is a "
            "number or a date of ISO 8601, a missing value ?"
        ) from error
    values = _side_by_side(columns, line, path)
    if any(not np.array_equal(each, times[0]) for each in times[1:]):
        raise DataError(
            f"{path}: line {line.number}: dimensions have different times: bring them to the same, "
            "with ? where a value is missing"
        )
    return Recorded(values, str(number), label, [line.number], times[0])


def _timed_label(rest: str, separator: str, line: Line, header: Header, path: Path) -> str | None:
    if header.has_labels:
        if separator != ":":
            raise DataError(
                f"{path}: line {line.number}: the label is missing: {HOW_TO_LABEL}; is the line cut off?"
            )
        return rest.strip()
    if separator:
        raise DataError(
            f"{path}: line {line.number}: {short_repr(rest)} at the end is no pair (time,value): a class "
            "needs @classLabel true and the classes in the header"
        )
    return None


def _side_by_side(columns: Sequence[np.ndarray], line: Line, path: Path) -> np.ndarray:
    """Return dimensions as (steps, variables)."""
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise DataError(
            f"{path}: line {line.number}: dimensions have {join_names(lengths)} steps: fill the shorter with "
            "?; a class at the end needs @classLabel true and the classes in the header"
        )
    return np.stack(columns, axis=1)


def _hold_to_header(series: Recorded, first: tuple[int, ...], header: Header, path: Path) -> Recorded:
    """Hold a series to the header and to the shape of the first; return it without its missing end."""
    steps, variables = series.values.shape
    wanted = 1 if header.is_true("univariate") else header.counts.get("dimensions", first[1])
    if variables != wanted:
        raise DataError(
            f"{path}: {series.place()}: {variables} dimensions, but {wanted} in the header or in the first "
            "series; a class at the end needs @classLabel true and the classes in the header"
        )
    length = header.counts.get("serieslength", first[0] if header.is_true("equallength") else steps)
    if header.flags.get("equallength", True) and steps != length:
        raise DataError(
            f"{path}: {series.place()}: {steps} steps, but {length} by @seriesLength or in the first series "
            "and @equalLength true: correct one"
        )
    if not header.flags.get("missing", True) and np.isnan(series.values).any():
        raise DataError(f"{path}: {series.place()}: a value is missing, but @missing false: correct one")
    values = without_missing_end(series.values)
    return replace(series, values=values, times=None if series.times is None else series.times[: len(values)])
