"""Faces of packages whose names are imported when they are first used (PEP 562).

So a program loads only the kernels it uses, and `import nn` takes no time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package.

    Parameters
    ----------
    package
        Its name.
    homes
        Modules, and the names that the package takes from each.

    Modules within the package are found as well, whether or not they have been imported.

    Raises
    ------
    AttributeError
        From `__getattr__`, where there is no such name; the message suggests the nearest.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def get(name: str) -> Any:
        if name not in home_of:
            if not name.startswith("_") and find_spec(f"{package}.{name}") is not None:
                return import_module(f"{package}.{name}")
            raise AttributeError(f"{package} has no {name}{_hint(name, home_of)}", name=name)
        value = getattr(import_module(home_of[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        there = vars(sys.modules[package]).items()
        own = {name for name, value in there if name.startswith("__") or isinstance(value, ModuleType)}
        return sorted({*home_of, *own})

    return get, names


def _hint(name: str, known: Mapping[str, Any]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - a program whose names are right needs none

    near = get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
