"""From what a user wrote to settings, with errors in the user's words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from autoencoder.settings import Settings, to_key, to_name
from nn.short_text import shorten
from workbench.errors import SettingsError

LONGEST = 200
"""Characters of a value that a message repeats."""


@dataclass(frozen=True)
class Given:
    """A value as a user wrote it, and where, for messages: `run.conf:12: code-size` or `--code-size`."""

    value: str
    place: str


def known_name(key: str, place: str) -> str:
    """Return the field that a key stands for.

    Raises
    ------
    SettingsError
        When there is none; the message has the place and the nearest known key.
    """
    name = to_name(key)
    if name not in Settings.model_fields:
        raise SettingsError(f"{place}: unknown key {key!r}{nearest_key(key)}")
    return name


def nearest_key(key: str) -> str:
    """Return `; did you mean ...?` for a key, or where all keys are listed when none is near."""
    keys = [to_key(name) for name in Settings.model_fields]
    near = difflib.get_close_matches(to_key(key.lower()), keys, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else "; `autoencoder config` lists all keys"


def make_settings(given: Mapping[str, Given]) -> Settings:
    """Check every value and return the settings; what is not given has its default.

    Raises
    ------
    SettingsError
        Naming every value that cannot be used, with its place, and what is expected.
    """
    values: dict[str, Any] = {name: each.value for name, each in given.items()}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(_describe(each, given) for each in error.errors())) from error


def _describe(error: Any, given: Mapping[str, Given]) -> str:
    wanted = error["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    if not error["loc"]:
        return str(wanted)
    each = given[error["loc"][0]]
    hint = ""
    if error["type"] == "literal_error":
        near = difflib.get_close_matches(each.value, wanted.split("'")[1::2], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
    return f"{each.place}={shorten(each.value, LONGEST)}: {shorten(wanted)}{hint}"
