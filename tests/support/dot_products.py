"""The processor's dot product of pairs of bfloat16, in NumPy and to the bit."""

import numpy as np

TINY = np.finfo(np.float32).tiny


def dot_product(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return c + a @ b as the instruction computes it.

    a (rows, k) and b (k, columns) are float32 that bfloat16 can hold, with an even k; c (rows, columns) is
    float32. The sum runs over pairs, in each of which the second product is added first.
    """
    a, b, sums = flushed(a), flushed(b), flushed(c)
    for first in range(0, a.shape[1], 2):
        for k in (first + 1, first):
            sums = flushed(_added_once(a[:, k, None], b[k], sums))
    return sums


def flushed(values: np.ndarray) -> np.ndarray:
    """Return numbers with zero for those that are subnormal; their sign stays."""
    return np.where(np.abs(values) < TINY, np.copysign(np.float32(0), values), values)


def _added_once(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return a * b + c, rounded once: the product of bfloat16 is exact in float64.

    The sum in float64 is rounded to odd, so that the second rounding is as if it had been the only one
    (Boldo and Melquiond 2008, "Emulation of FMA and correctly rounded sums").
    """
    with np.errstate(over="ignore", invalid="ignore"):
        product, c = a.astype(np.float64) * b, c.astype(np.float64)
        total = product + c
        virtual = total - product
        lost = (product - (total - virtual)) + (c - virtual)
        even = (total.view(np.int64) & 1) == 0
        towards = np.where(lost > 0, np.inf, -np.inf)
        odd = np.where(np.isfinite(total) & (lost != 0) & even, np.nextafter(total, towards), total)
        return odd.astype(np.float32)
