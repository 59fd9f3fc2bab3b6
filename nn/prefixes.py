"""Things whose names say where they belong by how they begin: `encoder.weights`, `optimizer.means`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Thing = TypeVar("Thing")


def under(things: Mapping[str, Thing], prefix: str) -> dict[str, Thing]:
    """Return the things whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): thing for name, thing in things.items() if name.startswith(prefix)}
