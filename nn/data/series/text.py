"""Text files of series, read strictly: lines in UTF-8, plain decimal numbers, values that are missing."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.data.unread import BEGINNING, kind_of_contents
from nn.short_text import short_repr

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
PLAIN = re.compile(r"[0-9.eE+\- \t]*", re.ASCII)
"""What fields of numbers alone consist of: no underscores, no words that Python takes for numbers."""

INFINITE = frozenset(("inf", "infinity"))
MISSING = frozenset(("?", "nan"))
"""How files say in lower case that a value is missing."""

MARK = "\ufeff"
"""The mark some editors put before the text."""

BYTES_A_BYTE = 8
"""Memory for each byte of a file: the shortest number has two with its separator and takes 8, twice."""

FEWER = "read fewer or shorter series: divide the file"


class Line(NamedTuple):
    """A line with its end, and its number, from 1."""

    number: int
    text: str


class NotANumberError(ValueError):
    """A field that holds no number; `index` is its place among those that were read together."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(f"{short_repr(text)} is no number")
        self.index = index


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    DataError
        When the file cannot be read, is empty or no text, or needs more memory than there is.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path}: not a regular file: give the file of the series")
        if not status.st_size:
            raise DataError(f"{path}: the file is empty: there are no series in it")
        require_memory(BYTES_A_BYTE * status.st_size, str(path), FEWER)
        with path.open("rb") as file:
            _refuse_contents(file.read(BEGINNING), path)
            file.seek(0)
            for number, line in enumerate(file, 1):
                text = _decoded(line, path, number)
                yield Line(number, text.removeprefix(MARK) if number == 1 else text)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _refuse_contents(beginning: bytes, path: Path) -> None:
    kind = kind_of_contents(beginning)
    if kind is not None:
        raise DataError(f"{path}: holds {kind}, no series: give the file of the series")


def _decoded(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise DataError(
            f"{path}: line {number}: byte {byte:#04x} is not UTF-8: save the file as text in UTF-8"
        ) from error


def without_blank_end(lines: Iterator[Line], path: Path) -> Iterator[Line]:
    """Yield the lines that are not blank.

    Raises
    ------
    DataError
        When a blank one is not at the end.
    """
    blank = 0
    for line in lines:
        if not line.text.strip():
            blank = blank or line.number
            continue
        if blank:
            raise DataError(f"{path}: line {blank} is blank, and more follow: remove it")
        yield line


def parse_numbers(fields: Sequence[str], missing: frozenset[str] = MISSING) -> np.ndarray:
    """Return fields as float64 (n,); NaN where they say in lower case what `missing` holds.

    Numbers are decimal: a sign, digits with a point, an exponent; blanks around them count for nothing.
    What is infinite, or too large, is infinite.

    Raises
    ------
    NotANumberError
        For the first field that is none.
    """
    if PLAIN.fullmatch("".join(fields)):
        try:
            return np.array([float(field) for field in fields])
        except ValueError:
            pass  # an empty field, or a lone sign: found below
    return np.array([_number(field, index, missing) for index, field in enumerate(fields)])


def _number(field: str, index: int, missing: frozenset[str]) -> float:
    text = field.strip()
    if NUMBER.fullmatch(text):
        return float(text)
    if text.lower() in missing:
        return math.nan
    if text.lower().lstrip("+-") in INFINITE:
        return -math.inf if text.startswith("-") else math.inf
    raise NotANumberError(index, field)


def parse_times(fields: Sequence[str]) -> np.ndarray:
    """Return times (n,): float64 where all are numbers, else dates of ISO 8601 as datetime64 in microseconds.

    Dates with an offset are brought to UTC; either all have one, or none.

    Raises
    ------
    NotANumberError
        For the first field that is neither.
    """
    texts = [field.strip() for field in fields]
    if texts and all(NUMBER.fullmatch(text) for text in texts):
        return np.array([float(text) for text in texts])
    dates = [_date(text, index) for index, text in enumerate(texts)]
    has_offset = [date.tzinfo is not None for date in dates]
    if len(set(has_offset)) > 1:
        odd = has_offset.index(not has_offset[0])
        raise NotANumberError(odd, texts[odd])
    plain = [date.astimezone(UTC).replace(tzinfo=None) if date.tzinfo else date for date in dates]
    return np.array(plain, "datetime64[us]")


def _date(text: str, index: int) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise NotANumberError(index, text) from error


def without_missing_end(values: np.ndarray) -> np.ndarray:
    """Return values (steps, variables) up to the last step of which anything is known."""
    known = np.flatnonzero(~np.isnan(values).all(axis=1))
    return values[: known[-1] + 1] if len(known) else values[:0]
