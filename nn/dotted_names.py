"""Dotted names, whose prefixes say where items belong: `encoder.weights`, `optimizer.means`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Thing = TypeVar("Thing")


def group_by_first_name(things: Mapping[str, Thing]) -> dict[str, dict[str, Thing]]:
    """Return items by their names up to the first dot, then by the rest of their names."""
    found: dict[str, dict[str, Thing]] = {}
    for name, thing in things.items():
        first, _, rest = name.partition(".")
        found.setdefault(first, {})[rest] = thing
    return found


def select_prefix(things: Mapping[str, Thing], prefix: str) -> dict[str, Thing]:
    """Return the items whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): thing for name, thing in things.items() if name.startswith(prefix)}
