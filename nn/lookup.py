"""Choosing from a table by name; nothing is ever imported by a name from outside."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from nn.short_text import short_repr

Choice = TypeVar("Choice")


def look_up(table: Mapping[str, Choice], name: object, what: str) -> Choice:
    """Return the entry of a name.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest, or lists all where none is near.
    """
    if isinstance(name, str) and name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1) if isinstance(name, str) else []
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(table)}"
    raise ValueError(f"unknown {what} {short_repr(name)}; {hint}")
