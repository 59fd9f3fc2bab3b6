"""The page's modules joined to one script: a page that is opened from disk can load no other files.

Every module becomes a function that is called once, in an order in which each comes after those it imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import workbench.page

PAGE = Path(workbench.page.__file__).parent / "static"
HERE = Path(__file__).parent / "static"

ADDRESSES: Mapping[str, Path] = {"/assets/replay/": HERE, "/assets/": PAGE}
"""Folders by the beginning of what modules import, the longest first."""

REPLACED: Mapping[str, str] = {"/assets/live.js": "/assets/replay/recorded.js"}
"""The connection to a run, and what answers in its place."""

IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) +(\w+))", re.MULTILINE)
COMMENT = re.compile(r"^ *(?:/\*\*.*?\*/|//.*?$)\n", re.MULTILINE | re.DOTALL)
OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class ScriptError(ValueError):
    """A module that cannot be joined to others; names it."""


class Module(NamedTuple):
    """A module: its text without comments, imports and exports, what it imports, and what it exports."""

    text: str
    imports: list[tuple[str, list[str]]]
    exports: list[str]


def join_modules(entry: str, read: Callable[[str], str]) -> str:
    """Return one script that does what a module does, and those that it imports.

    Parameters
    ----------
    entry
        The address of the module, as another would import it.
    read
        Gives the source of an address.

    Raises
    ------
    ScriptError
        When a module has another form than `import {...} from "..."` and `export` of a declaration, or
        modules import each other in a circle.
    """
    found: dict[str, Module] = {}
    _collect(entry, read, found, [])
    return '"use strict";\n' + "\n".join(_function(address, module) for address, module in found.items())


def read_module(address: str, folders: Mapping[str, Path] = ADDRESSES) -> str:
    """Return the source of a module of the page, or ScriptError."""
    for beginning, folder in folders.items():
        if address.startswith(beginning):
            return (folder / address.removeprefix(beginning)).read_text(encoding="utf-8")
    raise ScriptError(f"{address}: in none of {', '.join(folders)}")


def _collect(address: str, read: Callable[[str], str], found: dict[str, Module], above: list[str]) -> None:
    if address in above:
        raise ScriptError(f"{' imports '.join([*above, address])}: a circle")
    if address in found:
        return
    module = _parse(address, read(address))
    for other, _ in module.imports:
        _collect(other, read, found, [*above, address])
    found[address] = module


def _parse(address: str, source: str) -> Module:
    imports = [
        (REPLACED.get(other, other), [name.strip() for name in names.split(",") if name.strip()])
        for names, other in IMPORT.findall(source)
    ]
    exports = EXPORT.findall(source)
    text = COMMENT.sub("", EXPORT.sub("", IMPORT.sub("", source))).strip()
    if left := OTHER.search(text):
        raise ScriptError(f"{address}: cannot be joined to other modules: {left[0]}")
    return Module(text, imports, exports)


def _function(address: str, module: Module) -> str:
    taken = [
        f"const {{ {', '.join(name.replace(' as ', ': ') for name in names)} }} = {_name(other)};"
        for other, names in module.imports
    ]
    given = f"return {{ {', '.join(module.exports)} }};"
    return "\n".join([f"const {_name(address)} = (() => {{", *taken, module.text, given, "})();"])


def _name(address: str) -> str:
    """Return the name of what a module exports; addresses that differ have names that differ."""
    return "module" + re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):x}_", address)
