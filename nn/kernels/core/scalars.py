"""Scalars in kernels: in the dtype of the arrays, and never so small that they are slow.

Python's own numbers reach a kernel several times faster than NumPy's scalars, but as float64, in which the
arithmetic would then be done.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils

from nn.kernels.core.compilation import instruction, kernel


def _in_dtype_of(array: Any, scalars: Any) -> Any:
    return tuple(array.dtype.type(each) for each in scalars)


@instruction(_in_dtype_of)
def in_dtype_of(typing_context: Any, array: Any, scalars: Any) -> Any:
    """Return a tuple of numbers in the dtype of an array."""
    count = len(scalars)
    result = types.UniTuple(array.dtype, count)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = cgutils.unpack_tuple(builder, arguments[1], count)
        cast = [
            context.cast(builder, part, kind, array.dtype)
            for part, kind in zip(parts, scalars.types, strict=True)
        ]
        return context.make_tuple(builder, result, cast)

    return result(array, scalars), generate


@kernel
def flush_threshold(array):
    """Return what `flush_small` compares with: 10,000 times the smallest normal number of a dtype."""
    return array.dtype.type(np.finfo(array.dtype).tiny * 10_000)


@kernel
def flush_small(number, smallest):
    """Return a number, or 0 where it is too small; NaN stays NaN.

    What decays by a fraction of itself ends among the subnormal numbers, where it rounds to itself and stays:
    each operation on it takes several times as long. Weights of inputs that are almost always zero, as at the
    border of digits, get there within an epoch.
    """
    return smallest - smallest if abs(number) < smallest else number


@kernel
def at_least(square, smallest):
    """Return a square, or the smallest number that is not flushed where it is smaller; NaN stays NaN.

    The root of a mean square divides gradients, or their mean, which may survive although their square does
    not. At zero only epsilon would be left below them, and if that is far below the root, steps as many times
    too large. The root of `smallest` is negligible beside a usual epsilon: steps are the same bits.
    """
    return smallest if square < smallest else square
