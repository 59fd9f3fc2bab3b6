"""Sums of many numbers in NumPy, as exact as a single addition however many there are."""

from __future__ import annotations

import numpy as np


def total(values: np.ndarray, axis: int | tuple[int, ...], *, keepdims: bool = False) -> np.ndarray:
    """Return sums in the dtype of the values, added up in float64.

    NumPy adds along the last axis in pairs, along all others one after another: there n numbers of float32
    would be off by up to n roundings.
    """
    sums = np.asarray(np.sum(values, axis=axis, dtype=np.float64, keepdims=keepdims))
    return sums.astype(values.dtype, copy=False)


def mean(values: np.ndarray, axis: int | tuple[int, ...], *, keepdims: bool = False) -> np.ndarray:
    """Return means in the dtype of the values, added up in float64; see `total`."""
    means = np.asarray(np.mean(values, axis=axis, dtype=np.float64, keepdims=keepdims))
    return means.astype(values.dtype, copy=False)


def variance(values: np.ndarray, axis: int | tuple[int, ...], *, keepdims: bool = False) -> np.ndarray:
    """Return variances in the dtype of the values, infinite where it cannot hold them; see `total`."""
    variances = np.asarray(np.var(values, axis=axis, dtype=np.float64, keepdims=keepdims))
    with np.errstate(over="ignore"):
        return variances.astype(values.dtype, copy=False)
