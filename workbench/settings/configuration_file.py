"""Configuration files of KEY=VALUE lines: read with file and line in every error, and written."""

from __future__ import annotations

import codecs
import io
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from dotenv.parser import Binding, parse_stream
from pydantic import BaseModel

from nn.one_line import is_encodable, one_line
from workbench.errors import SettingsError
from workbench.settings.table import Given, SettingsTable, to_key, to_text

Kind = TypeVar("Kind", bound=BaseModel)

LARGEST_FILE = 1_000_000
"""Bytes; a larger file is not a configuration."""

COMMENT_WIDTH = 88
HEADER = """\
# Settings: KEY=VALUE lines, read with --config FILE.
# A # begins a comment; quote values that contain one: input-directory='photos #2'.
# Options of the same names on the command line come after the file.
"""


def read_configuration(path: Path, table: SettingsTable[Any]) -> dict[str, Given]:
    """Read a configuration file.

    Parameters
    ----------
    path
        Lines of KEY=VALUE; `#` begins a comment, values may be quoted, keys are written with `-` or `_`.
    table
        Has the keys.

    Returns
    -------
    dict
        Field name to what was given.

    Raises
    ------
    SettingsError
        When the file cannot be read, a line is not KEY=VALUE, or a key is unknown or comes twice;
        with file, line and the nearest known key.
    """
    given: dict[str, Given] = {}
    lines: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(_read(path))):
        line = _line(binding)
        if binding.error or (binding.key is not None and binding.value is None):
            text = binding.original.string.strip().partition("\n")[0]
            raise SettingsError(f"{path}:{line}: {text!r} is not KEY=VALUE")
        if binding.key is None or binding.value is None:
            continue
        name = table.known_name(binding.key, f"{path}:{line}")
        if name in given:
            raise SettingsError(
                f"{path}:{line}: {to_key(name)} was given in line {lines[name]} already: keep one of them"
            )
        lines[name] = line
        given[name] = Given(binding.value, f"{path}:{line}: {to_key(name)}")
    return given


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SettingsError(f"{path}: larger than {LARGEST_FILE} bytes, so not a configuration file")
        contents = path.read_bytes()
        if contents.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in contents:
            raise SettingsError(f"{path}: not text in UTF-8 but in UTF-16, or no text: save it as UTF-8")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not text in UTF-8 (byte {error.start}): save it as such") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot read the configuration file: {error.strerror}") from error


def _line(binding: Binding) -> int:
    """Return the line of a binding, which the parser counts from the blank lines before it."""
    text = binding.original.string
    blank = len(text) - len(text.lstrip())
    return int(binding.original.line) + text.count("\n", 0, blank)


def write_configuration(settings: Kind, table: SettingsTable[Kind]) -> str:
    """Return a commented configuration file with every key.

    Raises
    ------
    SettingsError
        When a path holds bytes that are not text: only the command line can say it.
    """
    for name in table.model.model_fields:
        text = to_text(getattr(settings, name))
        if not is_encodable(text):
            raise SettingsError(
                f"{to_key(name)}={one_line(text)}: a configuration file cannot hold bytes that are not text: "
                "give this one on the command line"
            )
    return HEADER + "".join(_sections(settings, table))


def _sections(settings: Kind, table: SettingsTable[Kind]) -> Iterator[str]:
    fields = table.model.model_fields
    for section, names in table.sections().items():
        yield f"\n\n# {section.upper()}\n"
        for name in names:
            bounds = f" ({table.bounds(name)})" if table.bounds(name) else ""
            comment = f"{fields[name].description}{bounds}"
            for line in textwrap.wrap(comment, COMMENT_WIDTH):
                yield f"\n# {line}"
            yield f"\n{to_key(name)}={_quoted(to_text(getattr(settings, name)))}\n"


def _quoted(text: str) -> str:
    """Quote a value that the parser would cut or trim."""
    if not text or not (set(text) & set("#'\"\\\n") or text != text.strip()):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
