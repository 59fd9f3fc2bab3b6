"""Models and inputs that can be chosen by name: requests give names, never paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from workbench.errors import OperationError
from workbench.run.snapshots import choice_of

BUILT_IN = "built-in digits"
"""What the input is called that no folder is needed for."""


def by_name(paths: Iterable[Path]) -> dict[str, Path]:
    """Name paths after their last part; where that is taken, after more of them."""
    named: dict[str, Path] = {}
    known = set()
    for path in paths:
        if (place := path.absolute().resolve()) not in known:
            known.add(place)
            named[_free(named, place)] = path
    return named


def with_path(named: Mapping[str, Path], path: Path) -> tuple[str, dict[str, Path]]:
    """Return the name of a path among those that have one, and all of them, the path included."""
    place = path.absolute().resolve()
    for name, each in named.items():
        if each.absolute().resolve() == place:
            return name, dict(named)
    name = _free(named, place)
    return name, {**named, name: path}


def chosen(named: Mapping[str, Path], name: str, what: str) -> Path:
    """Return what a name stands for.

    Raises
    ------
    OperationError
        When it stands for nothing.
    """
    if name not in named:
        raise OperationError(f"there is no {what} {name!r}{choice_of(named)}")
    return named[name]


def _free(named: Mapping[str, Path], place: Path) -> str:
    """Return the last parts of a path, as few as tell it from the names that are taken."""
    taken, parts = {*named, BUILT_IN}, place.parts
    for count in range(1, len(parts)):
        name = "/".join(parts[-count:])
        if name not in taken:
            return name
    return str(place)
