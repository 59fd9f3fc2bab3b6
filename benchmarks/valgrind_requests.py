"""Requests of a program to the valgrind it runs under: count from here, stop, write what was counted.

A request is a sequence of rotations that has no effect on a processor and that valgrind recognises
(valgrind.h, callgrind.h). Without valgrind nothing happens.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.extending import intrinsic

TOOL = (ord("C") << 24) + (ord("T") << 16)
WRITE, START, STOP = TOOL + 3, TOOL + 4, TOOL + 5
ASSEMBLY = "rolq $$3, %rdi; rolq $$13, %rdi; rolq $$61, %rdi; rolq $$51, %rdi; xchgq %rbx, %rbx"

binding.initialize_native_asmparser()


@intrinsic
def _ask(typing_context: Any, address: Any) -> Any:
    """Make a request: `address` is that of six 64-bit integers, the request and its arguments."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        kind = ir.FunctionType(integer, [integer, integer])
        constraints = "={dx},{ax},{dx},~{cc},~{memory},~{dirflag},~{fpsr},~{flags}"
        assembly = ir.InlineAsm(kind, ASSEMBLY, constraints, side_effect=True)
        return builder.call(assembly, [arguments[0], integer(0)])

    return types.intp(types.intp), generate


@njit(cache=True)
def _make(address):  # type: ignore[no-untyped-def]
    return _ask(address)


def request(code: int, name: str = "") -> None:
    """Make a request; `WRITE` takes the name of the count."""
    text = np.frombuffer(name.encode() + b"\0", np.uint8)
    numbers = np.array([code, text.ctypes.data, 0, 0, 0, 0], np.uint64)
    _make(numbers.ctypes.data)
