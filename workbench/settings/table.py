"""A program's settings: keys, texts and bounds, and values checked with errors in the user's words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from nn.short_text import shorten
from workbench.errors import SettingsError
from workbench.plain_errors import NUMBER_ERRORS, choices, wanted, wanted_within

LONGEST = 200
"""Characters of a value that a message repeats."""

PLACEHOLDERS = {
    "enum": "NAME",
    "path": "PATH",
    "string": "NAME",
    "integer": "N",
    "number": "X",
    "boolean": "YES|NO",
    "array": "N,N,...",
}

POINT = "; write numbers with a point and without commas, as 0.002 or 1024"
"""What is added where a comma stands in a number: it is never taken for one of the two things it may mean."""

Kind = TypeVar("Kind", bound=BaseModel)


@dataclass(frozen=True)
class Given:
    """A value as a user wrote it, and where, for messages: `run.conf:12: code-size` or `--code-size`."""

    value: str
    place: str


class SettingsTable(Generic[Kind]):
    """All settings of a program.

    Parameters
    ----------
    model
        Has a field for every setting, with type, default, bounds and description.
    titles
        The first field of each section of help texts and configuration files, and what it is called.
    list_command
        The command line that lists all keys, for messages.
    """

    def __init__(self, model: type[Kind], titles: Mapping[str, str], list_command: str) -> None:
        self.model, self.titles, self.list_command = model, titles, list_command

    def sections(self) -> dict[str, list[str]]:
        """Return the names of all fields by section, in order."""
        found: dict[str, list[str]] = {}
        for name in self.model.model_fields:
            if name in self.titles:
                fields = found.setdefault(self.titles[name], [])
            fields.append(name)
        return found

    def bounds(self, name: str) -> str:
        """Say which values a field takes, as in `1 to 4096` or `sgd, momentum`; empty where all are taken."""
        schema = self._schema(name)
        if "enum" in schema:
            return ", ".join(map(str, schema["enum"]))
        if "minimum" in schema and "maximum" in schema:
            return f"{schema['minimum']} to {schema['maximum']}"
        words = {
            "minimum": "at least",
            "exclusiveMinimum": "above",
            "maximum": "at most",
            "exclusiveMaximum": "below",
        }
        return ", ".join(f"{word} {schema[key]}" for key, word in words.items() if key in schema)

    def placeholder(self, name: str) -> str:
        """Return what stands for a field's value in help texts."""
        schema = self._schema(name)
        kind = "enum" if "enum" in schema else schema.get("format", schema["type"])
        if kind == "array" and schema["items"].get("type") == "string":
            return "NAME,NAME,..."
        return PLACEHOLDERS[kind]

    def texts(self, settings: Kind) -> dict[str, str]:
        """Return every value as a configuration file has it, by the name of its field."""
        return {name: to_text(getattr(settings, name)) for name in self.model.model_fields}

    def known_name(self, key: str, place: str) -> str:
        """Return the field that a key stands for.

        Raises
        ------
        SettingsError
            When there is none; the message has the place and the nearest known key.
        """
        name = to_name(key)
        if name not in self.model.model_fields:
            raise SettingsError(f"{place}: unknown key {key!r}{self.nearest_key(key)}")
        return name

    def nearest_key(self, key: str) -> str:
        """Return `; did you mean ...?` for a key, or where all keys are listed when none is near."""
        keys = [to_key(name) for name in self.model.model_fields]
        near = difflib.get_close_matches(to_key(key.lower()), keys, n=1, cutoff=0.5)
        return f"; did you mean {near[0]}?" if near else f"; `{self.list_command}` lists all keys"

    def make(self, given: Mapping[str, Given]) -> Kind:
        """Check every value and return the settings; what is not given has its default.

        Raises
        ------
        SettingsError
            Naming every value that cannot be used, with its place, and what is expected.
        """
        values: dict[str, Any] = {name: each.value for name, each in given.items()}
        try:
            return self.model(**values)
        except ValidationError as error:
            raise SettingsError("\n".join(self._describe(each, given) for each in error.errors())) from error

    def _describe(self, error: Any, given: Mapping[str, Given]) -> str:
        """Name the place of a value, what stands there, and what is allowed."""
        if not error["loc"]:
            return wanted(error)
        name = str(error["loc"][0])
        if name not in self.model.model_fields:
            return f"{given[name].place}={shorten(given[name].value, LONGEST)}: {wanted(error)}"
        each, schema = given[name], self._schema(name)
        is_number = schema.get("type") in ("integer", "number")
        bounds = self.bounds(name) if is_number else ""
        hint = ""
        if error["type"] == "literal_error":
            near = difflib.get_close_matches(each.value, choices(error), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
        if error["type"] in NUMBER_ERRORS and "," in each.value:
            hint = POINT
        allowed = shorten(wanted_within(error, schema.get("type") == "integer", bounds))
        return f"{each.place}={shorten(each.value, LONGEST)}: {allowed}{hint}"

    @cached_property
    def _schemas(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.model.model_json_schema()["properties"]
        return properties

    def _schema(self, name: str) -> dict[str, Any]:
        """Return the JSON schema of a field, of its value where it may be left empty."""
        schema: dict[str, Any] = self._schemas[name]
        return next((each for each in schema.get("anyOf", []) if each["type"] != "null"), schema)


def to_key(name: str) -> str:
    """Turn the name of a field into the key that users write: `code_size` to `code-size`."""
    return name.replace("_", "-")


def to_name(key: str) -> str:
    """Turn a key into the name of its field; both spellings are taken."""
    return key.replace("-", "_")


def to_text(value: Any) -> str:
    """Write a value as a configuration file has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)
