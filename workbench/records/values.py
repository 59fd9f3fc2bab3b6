"""Values as a record keeps them: plain, with their kind beside them, and read back as they were.

SQLite would keep a NumPy number as bytes, and NaN as if nothing had been there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any, NamedTuple, TypeAlias

from nn.one_line import is_encodable

Plain: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None

SMALLEST, LARGEST = -(2**63), 2**63 - 1
"""Whole numbers that SQLite has."""

NONE, BOOLEAN, INTEGER, REAL, NAN, TEXT, JSON = (
    *("none", "boolean", "integer", "real", "nan"),
    *("text", "json"),
)
KINDS = (NONE, BOOLEAN, INTEGER, REAL, NAN, TEXT, JSON)


class Encoded(NamedTuple):
    """A value in the file: its kind, and what SQLite keeps."""

    kind: str
    value: int | float | str | None


def plain(value: object) -> Plain:
    """Return a value in Python's own terms; NumPy's numbers and arrays become numbers and lists.

    Raises
    ------
    TypeError
        When it is nothing that can be recorded.
    """
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(each) for each in value]
    return _plain_number(value)


def _plain_number(value: object) -> Plain:
    if isinstance(value, bool | Integral):
        return value if isinstance(value, bool) else int(value)
    if isinstance(value, Real):
        return float(value)
    if hasattr(value, "tolist"):  # of NumPy: what is no Integral or Real there, and arrays
        listed = value.tolist()
        if type(listed) is not type(value):
            return plain(listed)
    raise TypeError(f"a record keeps numbers, texts, lists and dictionaries, not {type(value).__name__}")


def number(value: object) -> float:
    """Return a statistic as a float, which may be NaN or infinite.

    Raises
    ------
    TypeError
        When it is no number.
    """
    if type(value) is float:  # nearly always, and there are many
        return value
    found = plain(value)
    if not isinstance(found, bool | int | float):
        raise TypeError(f"a statistic is a number, not {type(value).__name__}")
    try:
        return float(found)
    except OverflowError:
        return math.inf if found > 0 else -math.inf


def encode(value: object) -> Encoded:
    """Return a value as the file keeps it.

    Raises
    ------
    TypeError
        When it is nothing that can be recorded.
    """
    found = plain(value)
    if found is None:
        return Encoded(NONE, None)
    if isinstance(found, bool):
        return Encoded(BOOLEAN, int(found))
    if isinstance(found, int) and SMALLEST <= found <= LARGEST:
        return Encoded(INTEGER, found)
    if isinstance(found, float):
        return Encoded(NAN, None) if math.isnan(found) else Encoded(REAL, found)
    if isinstance(found, str) and is_encodable(found):
        return Encoded(TEXT, found)
    return Encoded(JSON, json.dumps(found, separators=(",", ":")))


def decode(kind: str, value: Any) -> Plain:
    """Return what was encoded.

    Raises
    ------
    ValueError
        When nothing is encoded like this.
    """
    if kind == NAN:
        return math.nan
    if kind == BOOLEAN:
        return bool(value)
    if kind == JSON:
        decoded: Plain = json.loads(value)
        return decoded
    if kind not in KINDS:
        raise ValueError(f"a value of kind {kind!r}")
    return None if kind == NONE else value


def written(value: Plain, digits: int = 6) -> str:
    """Return a value as a table shows it: yes and no, numbers in a few digits, lists with commas."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, list):
        return ",".join(written(each, digits) for each in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)
