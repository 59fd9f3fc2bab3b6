"""Dotted names, whose prefixes say where items belong: `encoder.weights`, `optimizer.means`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Item = TypeVar("Item")


def group_by_first_name(named: Mapping[str, Item]) -> dict[str, dict[str, Item]]:
    """Return items by their names up to the first dot, then by the rest of their names."""
    found: dict[str, dict[str, Item]] = {}
    for name, item in named.items():
        first, _, rest = name.partition(".")
        found.setdefault(first, {})[rest] = item
    return found


def select_prefix(named: Mapping[str, Item], prefix: str) -> dict[str, Item]:
    """Return the items whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): item for name, item in named.items() if name.startswith(prefix)}
