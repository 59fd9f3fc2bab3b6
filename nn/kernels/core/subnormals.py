"""Subnormal numbers taken as zero, inside a kernel.

Signals that fade over many steps end among the subnormal numbers, below 1.2e-38 in float32, which some
processors compute with a hundred times more slowly. x86 has two bits in a thread's state, MXCSR, that let it
take them as zero, in operands and in results (Intel 2024, "Software Developer's Manual", volume 1,
10.2.3.3 and 10.2.3.4). A task sets them when it begins, in the thread that it runs on, and restores the
state when it ends:

    state = flush_subnormals()
    ...
    restore(state)

On other processors nothing is changed.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from nn.kernels.core.compilation import instruction

STATE = ir.IntType(32)
FLUSH_TO_ZERO, DENORMALS_ARE_ZERO = 1 << 15, 1 << 6
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")


def _access(builder: ir.IRBuilder, name: str, place: Any) -> None:
    byte = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(ir.VoidType(), [byte]), f"llvm.x86.sse.{name}"
    )
    builder.call(function, [builder.bitcast(place, byte)])


def _write(builder: ir.IRBuilder, state: Any) -> None:
    _access(builder, "ldmxcsr", cgutils.alloca_once_value(builder, state))


def _nothing(*_: Any) -> int:
    """Stand in where Numba's compiler is off, and NumPy computes."""
    return 0


@instruction(_nothing)
def flush_subnormals(typing_context: Any) -> Any:
    """Let this thread take subnormal numbers as zero; return its state of before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not IS_X86:
            return STATE(0)
        place = cgutils.alloca_once(builder, STATE)
        _access(builder, "stmxcsr", place)
        state = builder.load(place)
        _write(builder, builder.or_(state, STATE(FLUSH_TO_ZERO | DENORMALS_ARE_ZERO)))
        return state

    return types.uint32(), generate


@instruction(_nothing)
def restore(typing_context: Any, state: Any) -> Any:
    """Give this thread the state back that `flush_subnormals` returned."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if IS_X86:
            _write(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.uint32), generate
