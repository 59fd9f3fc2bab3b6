"""bfloat16: the upper half of a float32, for arrays that are stored in half the memory.

1 sign bit, 8 bits of exponent, 7 of fraction: the range of float32 with 8 bits of precision (Wang and Kanwar
2019, "BFloat16: The secret to high performance on Cloud TPUs"). NumPy arrays of it have ml_dtypes' dtype;
kernels, which have no such type, get the same memory as uint16, see `as_stored`. They widen numbers to
float32 when they load them, which is exact, and round to the nearest, ties to even, when they store them.

Written in integer arithmetic, for any processor. Where there is an instruction that narrows (x86's
`vcvtneps2bf16`), it treats numbers below 1.2e-38 as zero, so that results would depend on the processor.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from llvmlite import ir

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

HALF = 16
QUIET = 0x40
"""The bit that makes the upper half of an infinity a quiet NaN."""

UNIT_ROUNDOFF = 2.0**-8
"""Largest relative error of one rounding: half the distance of neighbours, 2^-7."""


def as_stored(array: np.ndarray) -> np.ndarray:
    """Return an array as kernels take it: bfloat16 as uint16, others unchanged."""
    return array.view(np.uint16) if array.dtype == BFLOAT16 else array


def is_stored_half(kind: Any) -> bool:
    """Whether LLVM's type of a number is that of a stored bfloat16."""
    return isinstance(kind, ir.IntType) and kind.width == HALF


def _like(kind: Any, element: Any) -> Any:
    """Return the type with another element: a vector's or a number's."""
    return ir.VectorType(element, kind.count) if isinstance(kind, ir.VectorType) else element


def _all(kind: Any, number: int) -> ir.Constant:
    """Write a constant, in every lane of a vector."""
    return ir.Constant(kind, [number] * kind.count if isinstance(kind, ir.VectorType) else number)


def widen(builder: ir.IRBuilder, halves: Any) -> Any:
    """Write the float32 of stored bfloat16, a number or a vector."""
    words = _like(halves.type, ir.IntType(32))
    shifted = builder.shl(builder.zext(halves, words), _all(words, HALF))
    return builder.bitcast(shifted, _like(halves.type, ir.FloatType()))


def narrow(builder: ir.IRBuilder, numbers: Any) -> Any:
    """Write what is stored of float32, a number or a vector: the nearest, ties to even; NaN stays NaN.

    Adding just below half a step, and one more where the upper half is odd, carries into the upper half
    whenever it must be rounded up, from the largest finite number to infinity too.
    """
    words = _like(numbers.type, ir.IntType(32))
    bits = builder.bitcast(numbers, words)
    upper = builder.lshr(bits, _all(words, HALF))
    odd = builder.and_(upper, _all(words, 1))
    sum_ = builder.add(builder.add(bits, _all(words, 0x7FFF)), odd)
    rounded = builder.lshr(sum_, _all(words, HALF))
    nan = builder.fcmp_unordered("uno", numbers, numbers)
    chosen = builder.select(nan, builder.or_(upper, _all(words, QUIET)), rounded)
    return builder.trunc(chosen, _like(numbers.type, ir.IntType(HALF)))
