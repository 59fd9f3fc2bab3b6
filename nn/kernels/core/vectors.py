"""Passes over rows of histories with explicit vectors; rows are whole vectors long."""

from numba import prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, horizontal_sum, load, multiply_add, store
from nn.kernels.core.sums import SPAN, add_compensated


@kernel
def copy(source, begin, target, to, count):
    """target[to : to + count] = source[begin : begin + count]."""
    for i in range(0, count, LANES):
        store(target, to + i, load(source, begin + i))


CHUNK = 1 << 14


@kernel(parallel=True)
def copy_parallel(source, target):
    """Copy a contiguous array to another of the same size; worth it beyond some hundred thousand numbers."""
    for chunk in prange((source.size + CHUNK - 1) // CHUNK):
        begin = chunk * CHUNK
        target[begin : begin + CHUNK] = source[begin : begin + CHUNK]


@kernel
def fill(values, begin, count, number):
    """values[begin : begin + count] = number."""
    vector = broadcast(number)
    for i in range(begin, begin + count, LANES):
        store(values, i, vector)


@kernel
def add_number(values, begin, count, number):
    """values[begin : begin + count] += number."""
    one, addend = broadcast(values.dtype.type(1)), broadcast(number)
    for i in range(begin, begin + count, LANES):
        store(values, i, multiply_add(load(values, i), one, addend))


@kernel
def scale_and_sum(values, begin, count, scale, scaled):
    """scaled[begin : begin + count] = scale * values[...]; return the sum of what was written."""
    zero, factor = broadcast(values.dtype.type(0)), broadcast(scale)
    total = lost = zero
    for first in range(begin, begin + count, SPAN):
        part = zero
        for i in range(first, min(first + SPAN, begin + count), LANES):
            product = multiply_add(factor, load(values, i), zero)
            store(scaled, i, product)
            part = part + product
        total, lost = add_compensated(total, lost, part)
    return horizontal_sum(total)
