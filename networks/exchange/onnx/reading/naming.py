"""Names of networks, inputs and outputs, from those in a file, which may be anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 60


def scope_of(name: str, operator: str) -> str:
    """Return a node's name without its operator, where it ends with that: `encoder` of `encoder.conv_2`."""
    return re.sub(rf"(^|\.){re.escape(operator)}(_\d+)?$", "", name, flags=re.IGNORECASE)


def network_name(name: str) -> str:
    """Return what a name of ours is made of: of `/features/features.0/Conv` it is `features_0`."""
    parts = [part for part in name.split("/") if part]
    if name.startswith("/") and len(parts) > 1:
        parts = parts[:-1]  # the operator
    scopes: list[str] = []
    for part in parts:
        if scopes and part.startswith(f"{scopes[-1]}."):
            scopes.pop()
        scopes.append(part)
    return tensor_name("_".join(scopes)).strip("_")


def tensor_name(name: str) -> str:
    """Return a name without what names here cannot hold."""
    return re.sub(r"\W+", "_", name)[:LONGEST]


def different(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return names that differ from each other and from others, those that do not with a number."""
    known, found, counts = set(taken), [], dict[str, int]()
    for name in names:
        unique = name
        while unique in known:
            counts[name] = counts.get(name, 1) + 1
            unique = f"{name}_{counts[name]}"
        known.add(unique)
        found.append(unique)
    return found
