"""The machine code that Numba has loaded into this process: where each function lies, and its bytes.

Compiled functions have names that profilers do not see: they lie in anonymous memory. Those of this process
are written to a file, and another process finds the function of an address in it.
"""

from __future__ import annotations

import ctypes
import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from numba.core.registry import cpu_target

PART = re.compile(r"(\d+)")
ESCAPED = re.compile("_(24|3c|3e)")
"""How mangled names write $, < and >."""

LOOP = "__numba_parfor_gufunc"
LONGEST = 1 << 16
"""Most bytes of a function that are kept: none is longer, and the end of the last one is unknown."""


class Function(NamedTuple):
    """A compiled function: its name, where it begins, and its code."""

    name: str
    address: int
    code: bytes


def readable(symbol: str) -> str:
    """Return module and name of a function, `nn.kernels.dense.layer.forward`, from its mangled name."""
    rest = symbol.partition("_ZN")[2]
    parts = []
    while found := PART.match(rest):
        begin, length = found.end(), int(found[1])
        parts.append(rest[begin : begin + length])
        rest = rest[begin + length :]
    name = ESCAPED.sub(lambda match: chr(int(match[1], 16)), ".".join(parts))
    return name or symbol


def loaded_functions() -> list[Function]:
    """Return the functions that this process has compiled or loaded, by address.

    The body of a parallel loop has no name of its own: it gets that of its kernel, the one before it in
    memory.
    """
    engine = cpu_target.target_context.codegen()._engine
    symbols = [name for name in engine._defined_symbols if "_ZN" in name and "NumbaEnv" not in name]
    addresses = {engine.get_function_address(name): name for name in sorted(symbols)}
    places = sorted(address for address in addresses if address)
    functions, owner = [], ""
    for place, following in zip(places, [*places[1:], places[-1] + LONGEST], strict=True):
        symbol = addresses[place]
        name = readable(symbol)
        if LOOP in symbol:
            name = f"parallel loop of {owner}"
        elif symbol.startswith(("cfunc.", "_ZN7cpython")):
            name = f"{name.removeprefix('cpython.')}, called from Python"
        else:
            owner = name
        size = min(following, place + LONGEST, _end_of_mapping(place)) - place
        functions.append(Function(name, place, ctypes.string_at(place, size)))
    return functions


def _end_of_mapping(address: int) -> int:
    for begin, end in _mappings():
        if begin <= address < end:
            return end
    return address


def _mappings() -> Iterator[tuple[int, int]]:
    for line in Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines():
        begin, end = line.split()[0].split("-")
        yield int(begin, 16), int(end, 16)


def write_functions(path: Path) -> None:
    """Write the functions of this process for `read_functions` in another."""
    lines = [[each.name, each.address, each.code.hex()] for each in loaded_functions()]
    path.write_text(json.dumps(lines), encoding="utf-8")


def read_functions(path: Path) -> list[Function]:
    """Read what `write_functions` wrote."""
    lines = json.loads(path.read_text(encoding="utf-8"))
    return [Function(name, address, bytes.fromhex(code)) for name, address, code in lines]


def function_at(functions: Sequence[Function], address: int) -> Function | None:
    """Return the function that an address lies in; functions come by address."""
    place = bisect_right([each.address for each in functions], address) - 1
    if place < 0 or address >= functions[place].address + len(functions[place].code):
        return None
    return functions[place]
