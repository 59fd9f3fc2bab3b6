"""Conversion of arrays between float32 and bfloat16, faster than that of NumPy and ml_dtypes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.bfloat16 import BFLOAT16, as_stored
from nn.history import aligned_zeros
from nn.kernels.core.bfloat16 import convert, convert_parallel

WORTH_A_REGION = 1 << 17
"""Numbers from which a parallel region (some microseconds) pays."""


def converted(array: np.ndarray, dtype: np.dtype, buffer: np.ndarray | None = None) -> np.ndarray:
    """Return numbers as float32 or bfloat16: the array itself where it has that dtype.

    Parameters
    ----------
    array
        Of float32 or bfloat16.
    dtype
        float32 or bfloat16.
    buffer
        The result of an earlier call, which is overwritten where shape and dtype are the same.

    Returns
    -------
    ndarray
        Of the same shape, contiguous where it is not the array itself.
    """
    if array.dtype == dtype:
        return array
    if buffer is None or buffer.shape != array.shape or buffer.dtype != dtype:
        buffer = aligned_zeros(array.shape, dtype)
    source, target = (as_stored(each.reshape(-1)) for each in (np.ascontiguousarray(array), buffer))
    if target.size < WORTH_A_REGION:
        convert(source, target, 0, target.size)
    else:
        convert_parallel(source, target)
    return buffer


def widened(values: Any) -> Any:
    """Return values for use outside a network: bfloat16 as float32, others unchanged.

    Parameters
    ----------
    values
        An array, or arrays by name.
    """
    if isinstance(values, Mapping):
        return {name: widened(array) for name, array in values.items()}
    return converted(values, np.dtype(np.float32)) if values.dtype == BFLOAT16 else values
