"""Sums over flat arrays, and the gradients of penalties, for clipping and regularizers.

A sum is made of whole vectors in a fixed order; the parallel wrappers give one sum for every chunk of
fixed size. So it has the same bits for any number of threads. Scalars must have the arrays' dtype.
"""

from math import sqrt

from numba import prange

from nn.history import LANES
from nn.kernels.compilation import kernel
from nn.kernels.optimizers import CHUNK
from nn.simd import broadcast, horizontal_sum, load, multiply_add, store, where_equal, where_greater


@kernel
def sum_of_squares(values, factor):
    """Return the sum of (factor * values)² of values (size,)."""
    zero = values.dtype.type(0)
    none, factors = broadcast(zero), broadcast(factor)
    total, rest, whole = none, zero, values.size // LANES * LANES
    for i in range(0, whole, LANES):
        scaled = multiply_add(factors, load(values, i), none)
        total = multiply_add(scaled, scaled, total)
    for i in range(whole, values.size):
        scaled_value = factor * values[i]
        rest += scaled_value * scaled_value
    return horizontal_sum(total) + rest


@kernel(parallel=True)
def sum_of_squares_parallel(values, factor, sums):
    """Fill sums (chunks,) with `sum_of_squares` of every chunk."""
    for chunk in prange(sums.size):
        sums[chunk] = sum_of_squares(values[chunk * CHUNK : (chunk + 1) * CHUNK], factor)


@kernel
def add_l2(values, gradients, rate):
    """gradients += rate * values; return the sum of the values' squares."""
    zero = values.dtype.type(0)
    total, factor = broadcast(zero), broadcast(rate)
    rest, whole = zero, values.size // LANES * LANES
    for i in range(0, whole, LANES):
        value = load(values, i)
        store(gradients, i, multiply_add(factor, value, load(gradients, i)))
        total = multiply_add(value, value, total)
    for i in range(whole, values.size):
        gradients[i] += rate * values[i]
        rest += values[i] * values[i]
    return horizontal_sum(total) + rest


@kernel(parallel=True)
def add_l2_parallel(values, gradients, rate, sums):
    """Fill sums (chunks,) with what `add_l2` returns for every chunk."""
    for chunk in prange(sums.size):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        sums[chunk] = add_l2(values[part], gradients[part], rate)


@kernel
def add_l1(values, gradients, rate):
    """gradients += rate * sign(values), 0 for 0; return the sum of the values' sizes."""
    zero, one = values.dtype.type(0), values.dtype.type(1)
    none, plus, minus, factor = broadcast(zero), broadcast(one), broadcast(-one), broadcast(rate)
    total, rest, whole = none, zero, values.size // LANES * LANES
    for i in range(0, whole, LANES):
        value = load(values, i)
        sign = where_equal(value, none, none, where_greater(value, none, plus, minus))
        store(gradients, i, multiply_add(factor, sign, load(gradients, i)))
        total = multiply_add(value, sign, total)
    for i in range(whole, values.size):
        gradients[i] += rate * ((values[i] > 0) - (values[i] < 0))
        rest += abs(values[i])
    return horizontal_sum(total) + rest


@kernel(parallel=True)
def add_l1_parallel(values, gradients, rate, sums):
    """Fill sums (chunks,) with what `add_l1` returns for every chunk."""
    for chunk in prange(sums.size):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        sums[chunk] = add_l1(values[part], gradients[part], rate)


@kernel
def scale(values, factor):
    """values *= factor."""
    for i in range(values.size):
        values[i] *= factor


@kernel(parallel=True)
def scale_parallel(values, factor):
    """`scale` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        scale(values[chunk * CHUNK : (chunk + 1) * CHUNK], factor)


@kernel
def limit_rows(values, width, limit):
    """Shorten every row of `width` of the values (size,) to the length `limit` where it is longer."""
    for begin in range(0, values.size, width):
        row = values[begin : begin + width]
        length = sqrt(sum_of_squares(row, values.dtype.type(1)))
        if length > limit:
            scale(row, limit / length)
