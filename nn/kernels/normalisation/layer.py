"""Kernels of layer normalisation: a vector of entries is measured and normalised at a time.

Arrays are flat: groups x width x histories, whole vectors of histories. Every group of `width` numbers is
measured for itself. Work comes in blocks of groups and histories; each sums the gradients of scale and
shift in a place of its own.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, horizontal_sum, load, multiply_add, store
from nn.kernels.core.sums import PART, add_compensated
from nn.kernels.core.vector_arithmetic import clamp

NORMALISE, PROPAGATE = range(2)


class Sizes(NamedTuple):
    """How many numbers there are along each axis, and the blocks they are divided into."""

    groups: int
    width: int
    histories: int
    group_blocks: int
    history_blocks: int


class Arrays(NamedTuple):
    """What the passes read and write.

    inputs, outputs, signals, input_signals: groups x width x histories; scale, shift: width; means,
    factors: groups x histories; partial: two float64 sums x blocks x width.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    signals: np.ndarray
    input_signals: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    partial: np.ndarray


@kernel
def measure(arrays, sizes, begin, place, epsilon):
    """Write mean and 1 / sqrt(variance + epsilon) of the LANES entries whose first number is at `begin`.

    What is left of the deviations corrects the mean and the variance (Chan, Golub and LeVeque 1983,
    equation 1.7), so that numbers which are all the same have a variance of zero. Shares are added up rather
    than the numbers, whose sum may be too large; where the squares are, the variance is infinite.
    """
    inputs, width, histories = arrays.inputs, sizes.width, sizes.histories
    zero = broadcast(inputs.dtype.type(0))
    share = broadcast(inputs.dtype.type(1) / inputs.dtype.type(width))
    mean = lost = zero
    for first in range(0, width, PART):
        part = zero
        for i in range(first, min(first + PART, width)):
            part = multiply_add(load(inputs, begin + i * histories), share, part)
        mean, lost = add_compensated(mean, lost, part)
    shift = shift_lost = squares = squares_lost = zero
    for first in range(0, width, PART):
        part = square = zero
        for i in range(first, min(first + PART, width)):
            deviation = load(inputs, begin + i * histories) - mean
            part = multiply_add(deviation, share, part)
            square = multiply_add(deviation, deviation, square)
        shift, shift_lost = add_compensated(shift, shift_lost, part)
        squares, squares_lost = add_compensated(squares, squares_lost, square)
    correction = clamp(shift * shift, zero, broadcast(np.finfo(inputs.dtype).max))
    variance = clamp(squares * share - correction, zero, broadcast(inputs.dtype.type(np.inf)))
    store(arrays.means, place, mean + shift)
    store(arrays.factors, place, variance + broadcast(epsilon))
    for lane in range(place, place + LANES):
        arrays.factors[lane] = inputs.dtype.type(1) / sqrt(arrays.factors[lane])


@kernel
def normalise(arrays, sizes, begin, place, epsilon):
    """Measure LANES entries of a group; outputs = (inputs - mean) * factor * scale + shift."""
    measure(arrays, sizes, begin, place, epsilon)
    kind = arrays.inputs.dtype.type
    one, zero = broadcast(kind(1)), broadcast(kind(0))
    minus = multiply_add(load(arrays.means, place), broadcast(kind(-1)), zero)
    factor = load(arrays.factors, place)
    for i in range(sizes.width):
        at = begin + i * sizes.histories
        deviation = multiply_add(load(arrays.inputs, at), one, minus)
        normalised = multiply_add(deviation, factor, zero)
        scale, shift = broadcast(arrays.scale[i]), broadcast(arrays.shift[i])
        store(arrays.outputs, at, multiply_add(normalised, scale, shift))


@kernel
def mean_deltas(arrays, sizes, begin, minus):
    """Return the sums over a group of delta, and of delta * (input - mean), for LANES entries."""
    zero = broadcast(arrays.inputs.dtype.type(0))
    totals = totals_lost = products = products_lost = zero
    for first in range(0, sizes.width, PART):
        part = product = zero
        for i in range(first, min(first + PART, sizes.width)):
            at = begin + i * sizes.histories
            delta = load(arrays.signals, at) * broadcast(arrays.scale[i])
            part = part + delta
            product = multiply_add(delta, load(arrays.inputs, at) + minus, product)
        totals, totals_lost = add_compensated(totals, totals_lost, part)
        products, products_lost = add_compensated(products, products_lost, product)
    return totals, products


@kernel
def propagate(arrays, sizes, begin, place, block):
    """Write the input signals of LANES entries of a group, and add to the block's gradient sums."""
    kind = arrays.inputs.dtype.type
    one, zero, share = broadcast(kind(1)), broadcast(kind(0)), broadcast(kind(-1) / kind(sizes.width))
    minus = multiply_add(load(arrays.means, place), broadcast(kind(-1)), zero)
    factor = load(arrays.factors, place)
    totals, products = mean_deltas(arrays, sizes, begin, minus)
    offset = multiply_add(totals, share, zero)
    slope = multiply_add(multiply_add(multiply_add(products, share, zero), factor, zero), factor, zero)
    for i in range(sizes.width):
        at = begin + i * sizes.histories
        signal = load(arrays.signals, at)
        deviation = multiply_add(load(arrays.inputs, at), one, minus)
        line = multiply_add(deviation, slope, offset)
        distance = multiply_add(signal, broadcast(arrays.scale[i]), line)
        store(arrays.input_signals, at, multiply_add(distance, factor, zero))
        normalised = multiply_add(deviation, factor, zero)
        arrays.partial[0, block, i] += horizontal_sum(multiply_add(signal, normalised, zero))
        arrays.partial[1, block, i] += horizontal_sum(signal)


@kernel(separately=True)
def run_block(step, arrays, sizes, epsilon, block):
    """Run a pass over one block of groups and histories."""
    row, column = block // sizes.history_blocks, block % sizes.history_blocks
    vectors = sizes.histories // LANES
    first = row * sizes.groups // sizes.group_blocks
    last = (row + 1) * sizes.groups // sizes.group_blocks
    begin = column * vectors // sizes.history_blocks * LANES
    end = (column + 1) * vectors // sizes.history_blocks * LANES
    if step == PROPAGATE:
        arrays.partial[:, block] = 0
    for group in range(first, last):
        for n in range(begin, end, LANES):
            at, place = group * sizes.width * sizes.histories + n, group * sizes.histories + n
            if step == NORMALISE:
                normalise(arrays, sizes, at, place, epsilon)
            else:
                propagate(arrays, sizes, at, place, block)


@kernel
def run(step, arrays, sizes, epsilon):
    """Run a pass on one thread."""
    for block in range(sizes.group_blocks * sizes.history_blocks):
        run_block(step, arrays, sizes, epsilon, block)


@kernel(parallel=True)
def run_parallel(step, arrays, sizes, epsilon):
    """Run a pass on several threads."""
    for block in prange(sizes.group_blocks * sizes.history_blocks):
        run_block(step, arrays, sizes, epsilon, intp(block))
