"""Arithmetic of vectors in kernels: a + b, a - b, a * b, a / b, choices, and functions lane by lane.

Widens `nn.kernels.core.simd`, where vectors are loaded and stored. Importing this module is enough to make
the operators work in kernels.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

from nn.history import LANES
from nn.kernels.core.compilation import instruction
from nn.kernels.core.simd import LANE, VectorType


def _define(symbol: Callable[[Any, Any], Any], instruction: str) -> None:
    """Let an operator between two vectors of one dtype be an instruction."""

    @infer_global(symbol)
    class _BetweenVectors(AbstractTemplate):
        def generic(self, arguments: Any, keywords: Any) -> Any:
            if len(arguments) == 2 and isinstance(arguments[0], VectorType) and arguments[0] == arguments[1]:
                return signature(arguments[0], *arguments)
            return None

    @lower_builtin(symbol, VectorType, VectorType)
    def _write(context: Any, builder: ir.IRBuilder, types_of: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments)


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
_define(operator.truediv, "fdiv")


@instruction()
def clamp(typing_context: Any, vector: Any, low: Any, high: Any) -> Any:
    """Return every number of a vector, moved into low to high; NaN passes through."""

    def generate(context: Any, builder: ir.IRBuilder, types_of: Any, arguments: Any) -> Any:
        number, lowest, highest = arguments
        number = builder.select(builder.fcmp_ordered("<", number, lowest), lowest, number)
        return builder.select(builder.fcmp_ordered(">", number, highest), highest, number)

    return vector(vector, vector, vector), generate


@instruction()
def select(typing_context: Any, flags: Any, values: Any, otherwise: Any) -> Any:
    """Return the values where flags are not zero, and the others where they are."""

    def generate(context: Any, builder: ir.IRBuilder, types_of: Any, arguments: Any) -> Any:
        flag, value, other = arguments
        zero = ir.Constant(flag.type, [0.0] * LANES)
        return builder.select(builder.fcmp_unordered("!=", flag, zero), value, other)

    return values(flags, values, values), generate


@instruction()
def numbers_of(typing_context: Any, vector: Any) -> Any:
    """Return every number of a vector, and zero in place of NaN."""

    def generate(context: Any, builder: ir.IRBuilder, types_of: Any, arguments: Any) -> Any:
        (number,) = arguments
        zero = ir.Constant(number.type, [0.0] * LANES)
        return builder.select(builder.fcmp_ordered("ord", number, number), number, zero)

    return vector(vector), generate


def lane_by_lane(name: str) -> Callable[..., Any]:
    """Return the operation that calls a function of the C library, float64, for every lane of a vector."""

    @instruction()
    def call(typing_context: Any, vector: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, types_of: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(ir.DoubleType(), [ir.DoubleType()])
            function = cgutils.get_or_insert_function(builder.module, kind, name)
            result = arguments[0]
            for lane in range(LANES):
                value = builder.call(function, [builder.extract_element(result, LANE(lane))])
                result = builder.insert_element(result, value, LANE(lane))
            return result

        return vector(vector), generate

    return call


def is_single(vector: types.Type) -> bool:
    """Whether a vector is one of float32."""
    return isinstance(vector, VectorType) and vector.dtype == types.float32
