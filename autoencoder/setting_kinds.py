"""Kinds of settings: how a text becomes a value, and what it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from workbench.storable import storable

LARGEST_COUNT = 10**15
"""Of pictures, crops, connections or epochs: a safe upper bound for further arithmetic."""


def _split(value: Any) -> Any:
    """Turn `512,256` into its parts; an empty text is no part at all."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value.strip() else []
    return value


def _none_if_empty(value: Any) -> Any:
    """Turn an empty text, as in `minutes=`, into None: not set."""
    return None if isinstance(value, str) and not value.strip() else value


def _whole(value: Any) -> Any:
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


Channels = Annotated[Literal[1, 3, 4], BeforeValidator(_whole)]
Start = Annotated[Literal["drawn", "principal"] | None, BeforeValidator(_none_if_empty)]
Output = Annotated[Literal["sigmoid", "identity"] | None, BeforeValidator(_none_if_empty)]
Kept = Annotated[Literal["last", "best"] | None, BeforeValidator(_none_if_empty)]
Directory = Annotated[Path, BeforeValidator(_usable_path)]
Width = Annotated[int, Field(ge=1, le=65536)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(_split), Field(max_length=32)]
OptionalPath = Annotated[Directory | None, BeforeValidator(_none_if_empty)]
Count = Annotated[int, AfterValidator(_countable)]
Storable = Annotated[float, AfterValidator(storable)]
OptionalCount = Annotated[
    Annotated[int, Field(ge=1), AfterValidator(_countable)] | None, BeforeValidator(_none_if_empty)
]
OptionalPixels = Annotated[Annotated[int, Field(ge=0, le=16)] | None, BeforeValidator(_none_if_empty)]
OptionalMinutes = Annotated[
    Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(_none_if_empty)
]
