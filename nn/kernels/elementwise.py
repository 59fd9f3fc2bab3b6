"""Kernels of what is done number by number, and of numbers that only move; all arrays are flat.

Each function runs a range on one thread, its `_parallel` twin chunks of fixed size on several.
"""

import numpy as np
from numba import prange

from nn.activations import Tanh
from nn.history import LANES
from nn.kernels.core.activations import activate, multiply_by_derivative
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import load, load_scalar, store, store_scalar
from nn.kernels.core.vector_activations import tanh

TANH = Tanh.code
"""Of whole vectors here; `activate` has it for whatever is none, and all others."""

CHUNK = 1 << 14
"""Numbers in a chunk: three arrays of them lie in a core's own cache."""

SMALL_CHUNK = 1 << 11
"""Stored numbers in a chunk: three float32 arrays of them lie in the cache nearest to a core."""


@kernel(separately=True)
def add(first, second, total, begin, end):
    """total = first + second, in a range."""
    first, second, total = first[begin:end], second[begin:end], total[begin:end]
    for i in range(total.size):  # from 0: an index that might be negative is looked at, one by one
        total[i] = first[i] + second[i]


@kernel(parallel=True)
def add_parallel(first, second, total):
    """Run `add` over chunks in parallel."""
    for chunk in prange((total.size + CHUNK - 1) // CHUNK):
        add(first, second, total, chunk * CHUNK, min((chunk + 1) * CHUNK, total.size))


@kernel(separately=True)
def multiply(first, second, product, begin, end):
    """product = first * second, in a range."""
    first, second, product = first[begin:end], second[begin:end], product[begin:end]
    for i in range(product.size):
        product[i] = first[i] * second[i]


@kernel(parallel=True)
def multiply_parallel(first, second, product):
    """Run `multiply` over chunks in parallel."""
    for chunk in prange((product.size + CHUNK - 1) // CHUNK):
        multiply(first, second, product, chunk * CHUNK, min((chunk + 1) * CHUNK, product.size))


@kernel(parallel=True)
def copy_pieces_parallel(source, target, piece, stride, offset):
    """Copy pieces that lie side by side to places `stride` apart in the target, the first at `offset`."""
    for number in prange(source.size // piece):
        begin, to = number * piece, number * stride + offset
        target[to : to + piece] = source[begin : begin + piece]


@kernel(separately=True)
def activate_range(code, slope, sums, values, begin, end):
    """values = f(sums), in a range of whole vectors."""
    if code == TANH:
        for i in range(begin, end, LANES):
            store(values, i, tanh(load(sums, i)))
    else:
        values[begin:end] = sums[begin:end]
        activate(code, slope, values[begin:end])


@kernel(parallel=True)
def activate_parallel(code, slope, sums, values):
    """Run `activate_range` over chunks in parallel."""
    for chunk in prange((values.size + CHUNK - 1) // CHUNK):
        activate_range(code, slope, sums, values, chunk * CHUNK, min((chunk + 1) * CHUNK, values.size))


@kernel(parallel=True)
def multiply_by_derivative_parallel(code, slope, values, signals, deltas):
    """deltas = signals * f'(values), over chunks in parallel."""
    for chunk in prange((values.size + CHUNK - 1) // CHUNK):
        begin, end = chunk * CHUNK, min((chunk + 1) * CHUNK, values.size)
        multiply_by_derivative(code, slope, values[begin:end], signals[begin:end], deltas[begin:end])


@kernel
def widen(stored, begin, end):
    """Return a range of bfloat16 (uint16) as float32."""
    wide = np.empty(end - begin, np.float32)
    for i in range(begin, end):
        wide[i - begin] = load_scalar(stored, i)
    return wide


@kernel
def narrow(wide, stored, begin):
    """Round float32 numbers to bfloat16 (uint16), from `begin` on."""
    for i in range(wide.size):
        store_scalar(stored, begin + i, wide[i])


@kernel(parallel=True)
def activate_stored(code, slope, sums, values):
    """values = f(sums), both bfloat16 (uint16), over chunks in parallel."""
    for chunk in prange((values.size + SMALL_CHUNK - 1) // SMALL_CHUNK):
        begin, end = chunk * SMALL_CHUNK, min((chunk + 1) * SMALL_CHUNK, values.size)
        wide = widen(sums, begin, end)
        activate(code, slope, wide)
        narrow(wide, values, begin)


@kernel(parallel=True)
def multiply_by_derivative_stored(code, slope, values, signals, deltas):
    """deltas = signals * f'(values), all bfloat16 (uint16), over chunks in parallel."""
    for chunk in prange((values.size + SMALL_CHUNK - 1) // SMALL_CHUNK):
        begin, end = chunk * SMALL_CHUNK, min((chunk + 1) * SMALL_CHUNK, values.size)
        wide = np.empty(end - begin, np.float32)  # of its own: in place the loops would not fill vectors
        multiply_by_derivative(code, slope, widen(values, begin, end), widen(signals, begin, end), wide)
        narrow(wide, deltas, begin)
