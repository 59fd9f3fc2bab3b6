"""Scalars of a kernel in the dtype of its arrays.

Python's own numbers reach a kernel several times faster than NumPy's scalars, but as float64, in which the
arithmetic would then be done.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
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
