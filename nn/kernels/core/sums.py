"""Sums of many numbers in kernels, as exact as a single addition however many there are.

Added up one after another, n numbers are off by up to n roundings: 50,000 equal ones in float32 by some
tenths of a percent, which a variance of zero shows. So vectors are added in parts of `PART`, and the parts
with what rounding lost carried along (Kahan 1965, "Further remarks on reducing truncation errors"), which
costs a quarter more additions. Loops over single numbers add up in float64.
"""

import numpy as np

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, horizontal_sum, load
from nn.kernels.core.vector_arithmetic import numbers_of

PART = 16
"""Vectors that are added before what is lost is looked at."""

SPAN = PART * LANES
"""Numbers in these vectors."""

SMALLEST_SUM = 1e-280
"""A sum of squares below it, in float64, has lost some that were too small."""


@kernel(inline=True, allocates=False)
def add_compensated(total, lost, part):
    """Return total + part, two vectors, and what rounding lost: to be passed in with the next part.

    An infinite sum stays infinite.
    """
    part = part - lost
    whole = total + part
    return whole, numbers_of((whole - total) - part)


@kernel
def sum_range(values, begin, count):
    """Return the sum of values[begin : begin + count], which may be any number of them."""
    whole = count // LANES * LANES
    rest = values.dtype.type(0)
    if whole:
        total = lost = broadcast(rest)
        for first in range(begin, begin + whole, SPAN):
            part = load(values, first)
            for i in range(first + LANES, min(first + SPAN, begin + whole), LANES):
                part = part + load(values, i)
            total, lost = add_compensated(total, lost, part)
        rest = horizontal_sum(total)
    for i in range(begin + whole, begin + count):
        rest += values[i]
    return rest


@kernel(fastmath={"reassoc", "nsz"}, separately=True)
def sum_of_squares(values):
    """Return the sum of the squares of values (size,), in float64, in an order that stays the same."""
    total = 0.0
    for i in range(values.size):
        value = np.float64(values[i])
        total += value * value
    return total


@kernel(fastmath={"reassoc", "nsz"}, separately=True)
def sum_of(values):
    """Return the sum of values (size,), in float64, in an order that stays the same."""
    total = 0.0
    for i in range(values.size):
        total += np.float64(values[i])
    return total


@kernel(fastmath={"reassoc", "nsz"})
def dot(first, second):
    """Return the sum of the products of two arrays (size,), in float64, in an order that stays the same."""
    total = 0.0
    for i in range(first.size):
        total += np.float64(first[i]) * np.float64(second[i])
    return total


@kernel(separately=True)
def rows_times(matrix, vector, target):
    """target[r] = sum over c of matrix[r, c] * vector[c]."""
    for row in range(target.size):
        target[row] = dot(matrix[row], vector)


@kernel(separately=True)
def columns_times(matrix, vector, target):
    """target[c] = sum over r of matrix[r, c] * vector[r]."""
    totals = np.zeros(target.size, np.float64)
    for row in range(vector.size):
        factor = np.float64(vector[row])
        for c in range(target.size):
            totals[c] += factor * matrix[row, c]
    target[:] = totals


@kernel(separately=True)
def length_of(values):
    """Return the Euclidean length of values (size,), float64, also where their squares vanish or overflow."""
    squares = sum_of_squares(values)
    if not (squares <= SMALLEST_SUM or squares == np.inf):
        return np.sqrt(squares)
    largest = 0.0
    for i in range(values.size):
        largest = max(largest, abs(np.float64(values[i])))
    if not 0 < largest < np.inf:
        return largest
    squares = 0.0
    for i in range(values.size):
        share = values[i] / largest
        squares += share * share
    return largest * np.sqrt(squares)


@kernel(fastmath={"reassoc", "nsz"}, separately=True)
def sum_of_sizes(values):
    """Return the sum of the absolute values of values (size,), as `sum_of_squares`."""
    total = 0.0
    for i in range(values.size):
        total += abs(np.float64(values[i]))
    return total
