"""Kernels that are compiled once, separately, and called by address.

Numba copies what a function calls into the function's own code and optimises it again there: at every level
of calls, and for a parallel loop four times (the loop, its two wrappers, the function around it). A separate
kernel is called by its address instead. The loader of the code looks the address up by a name that is the
same in every process, so the code of a caller can be cached on disk.
"""

from __future__ import annotations

import hashlib
from copy import copy
from functools import partial
from typing import Any

import llvmlite.binding

from nn.kernels.core.tuple_fields import fields_in

Call = tuple[str, tuple[Any, ...]]
"""A separate kernel's name, and the Numba types of its arguments."""

_kernels: dict[str, Any] = {}
"""Dispatchers of separate kernels by name."""

_calls: dict[str, Call] = {}
"""What a symbol of compiled code stands for."""


def separate(dispatcher: Any) -> Any:
    """Make a kernel a separate one, before it is first compiled; return it."""
    name = f"{dispatcher.py_func.__module__}.{dispatcher.py_func.__qualname__}"
    _kernels[name] = dispatcher
    dispatcher.add_overload = partial(_add_version, dispatcher, name)
    return dispatcher


def _add_version(dispatcher: Any, name: str, version: Any) -> None:
    """Let callers find a compiled version by its symbol; otherwise they would copy its code."""
    call = name, tuple(version.signature.args)
    # Two named tuples of one name and one list of types differ in their fields alone.
    taken = repr((call[1], [*fields_in(call[1])]))
    symbol = f"{name}.{hashlib.sha256(taken.encode()).hexdigest()[:16]}"
    _calls[symbol] = call
    address = version.library.get_pointer_to_function(version.fndesc.llvm_func_name)
    llvmlite.binding.add_symbol(symbol, address)
    called = copy(version.fndesc)
    called.mangled_name = symbol
    context = version.target_context
    context.remove_user_function(version.entry_point)
    context.insert_user_function(version.entry_point, called)
    type(dispatcher).add_overload(dispatcher, version)


def calls_of(version: Any) -> list[Call]:
    """Return what a compiled version of a kernel calls by address."""
    functions = version.library._final_module.functions
    return [_calls[each.name] for each in functions if each.is_declaration and each.name in _calls]


def make_ready(calls: list[Call]) -> None:
    """Compile or load separate kernels, so that code that calls them can be loaded."""
    for name, arguments in calls:
        _kernels[name].compile(arguments)
