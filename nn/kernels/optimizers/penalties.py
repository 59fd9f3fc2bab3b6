"""Sums over flat arrays, and the gradients of penalties, for clipping and regularizers.

The parallel wrappers give one sum for every chunk of fixed size, so a sum has the same bits for any number
of threads. Scalars must have the arrays' dtype.
"""

from numba import prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.sums import length_of, sum_of_sizes, sum_of_squares
from nn.kernels.optimizers.update_rules import CHUNK


@kernel(parallel=True)
def sum_of_squares_parallel(values, sums):
    """Fill sums (chunks,) with `sum_of_squares` of every chunk."""
    for chunk in prange(sums.size):
        sums[chunk] = sum_of_squares(values[chunk * CHUNK : (chunk + 1) * CHUNK])


@kernel(separately=True)
def add_l2(values, gradients, rate):
    """gradients += rate * values; return the sum of the values' squares."""
    for i in range(values.size):
        gradients[i] += rate * values[i]
    return sum_of_squares(values)


@kernel(parallel=True)
def add_l2_parallel(values, gradients, rate, sums):
    """Fill sums (chunks,) with what `add_l2` returns for every chunk."""
    for chunk in prange(sums.size):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        sums[chunk] = add_l2(values[part], gradients[part], rate)


@kernel(separately=True)
def add_l1(values, gradients, rate):
    """gradients += rate * sign(values), 0 for 0; return the sum of the values' sizes."""
    for i in range(values.size):
        gradients[i] += rate if values[i] > 0 else (-rate if values[i] < 0 else rate * values[i])
    return sum_of_sizes(values)


@kernel(parallel=True)
def add_l1_parallel(values, gradients, rate, sums):
    """Fill sums (chunks,) with what `add_l1` returns for every chunk."""
    for chunk in prange(sums.size):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        sums[chunk] = add_l1(values[part], gradients[part], rate)


@kernel(separately=True)
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
        length = length_of(row)
        if length > limit:
            scale(row, values.dtype.type(limit / length))
