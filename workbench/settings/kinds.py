"""Kinds of settings: how a text becomes a value, and what it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

LARGEST_COUNT = 10**15
"""Of pictures, crops, connections or epochs: a safe upper bound for further arithmetic."""


def split(value: Any) -> Any:
    """Turn `512,256` into its parts; an empty text has no parts."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value.strip() else []
    return value


def split_numbers(value: Any) -> Any:
    """Turn `512,256` into its parts; `1,024`, which is one number, is refused."""
    parts = split(value)
    if isinstance(value, str) and any(part != "0" and part.startswith("0") for part in parts):
        raise ValueError("commas separate numbers, and none begins with 0")
    return parts


def none_if_empty(value: Any) -> Any:
    """Turn an empty text, as in `minutes=`, into None: not set."""
    return None if isinstance(value, str) and not value.strip() else value


def whole(value: Any) -> Any:
    """Turn a text of digits into the number, for choices among numbers."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


def _usable_path(value: Any) -> Any:
    if isinstance(value, str | Path) and "\0" in str(value):
        raise ValueError("a path must not contain a NUL character")
    if isinstance(value, str) and not value.strip():
        raise ValueError("a path must not be empty")
    return Path(value).expanduser() if isinstance(value, str) and value.startswith("~/") else value


def _countable(count: int) -> int:
    if count > LARGEST_COUNT:
        raise ValueError(f"it should be at most {LARGEST_COUNT:.0e}")
    return count


Channels = Annotated[Literal[1, 3, 4], BeforeValidator(whole)]
Directory = Annotated[Path, BeforeValidator(_usable_path)]
OptionalPath = Annotated[Directory | None, BeforeValidator(none_if_empty)]
Count = Annotated[int, AfterValidator(_countable)]
OptionalCount = Annotated[
    Annotated[int, Field(ge=1), AfterValidator(_countable)] | None, BeforeValidator(none_if_empty)
]
OptionalMinutes = Annotated[
    Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(none_if_empty)
]
