"""Files in TOML, checked as a whole, with file, key and nearest key in every error."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from nn.short_text import shorten
from workbench.errors import SettingsError
from workbench.plain_errors import choices, wanted

LARGEST_FILE = 1_000_000
"""Bytes; a larger file is not one of settings."""


class Section(BaseModel):
    """A part of a file: immutable, and only the keys that it has."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Part = TypeVar("Part", bound=Section)


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a file.

    Parameters
    ----------
    path
        Of the file.
    what
        It should be, for messages.

    Raises
    ------
    SettingsError
        When it cannot be read, or is not TOML.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SettingsError(f"{path}: larger than {LARGEST_FILE} bytes, so not a {what}")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not text in UTF-8 (byte {error.start}): save it as such") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot read the {what}: {error.strerror}") from error


def checked(path: Path, table: Mapping[str, Any], model: type[Part], *within: str) -> Part:
    """Return what a file, or a table in it, says.

    Parameters
    ----------
    path, table
        Of the file, and what was read.
    model
        What it is to be.
    within
        The keys that lead to the table.

    Raises
    ------
    SettingsError
        When it cannot be used: every key that is wrong, what is expected, and the nearest key.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        lines = [_describe(path, model, within, each) for each in error.errors()]
        raise SettingsError("\n".join(lines)) from error


def _describe(path: Path, model: type[BaseModel], within: Sequence[str], error: Any) -> str:
    place = error["loc"]
    keys = ".".join(map(str, (*within, *place)))
    where = f"{path}: {keys}" if keys else f"{path}"
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key{nearest(str(place[-1]), _keys_at(model, place[:-1]))}"
    if error["type"] == "missing":
        return f"{where}: is missing"
    if error["type"] == "literal_error":
        return f"{where}: {wanted(error)}{nearest(str(error['input']), choices(error))}"
    return f"{where}: {shorten(wanted(error))}"


def _keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """Return the keys of the section at a place in a file."""
    for part in place:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = _section_in(field.annotation) or model
    return list(model.model_fields)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a field holds, or holds some of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = map(_section_in, get_args(annotation))
    return next((each for each in found if each is not None), None)


def nearest(word: str, known: Sequence[str]) -> str:
    """Return `; did you mean ...?`, or what is known where none is near."""
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
