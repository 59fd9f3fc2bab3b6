"""Kernels of the batch normalisation rung o2: blocks of positions and channels, explicit vectors.

Arrays are flat: positions x channels x histories, whole vectors of histories. A pass runs over the
blocks, on one thread or several; what a block sums it writes to a place of its own, and the sums of the
blocks are combined in their order, so the bits do not depend on the threads. One compiled entry serves
all four passes, because parallel ones take long to compile.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from nn.history import LANES
from nn.kernels.compilation import kernel
from nn.simd import broadcast, horizontal_sum, load, multiply_add, store

MEASURE, NORMALISE, SUM, PROPAGATE = range(4)


class Sizes(NamedTuple):
    """How many numbers there are along each axis, how many histories are active, and the blocks."""

    positions: int
    channels: int
    histories: int
    active: int
    position_blocks: int
    channel_blocks: int


class Arrays(NamedTuple):
    """What the passes read and write.

    inputs, outputs, signals, input_signals: positions x channels x histories; means, factors, slopes,
    offsets: channels; partial: two float64 numbers x position blocks x channels.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    signals: np.ndarray
    input_signals: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    slopes: np.ndarray
    offsets: np.ndarray
    partial: np.ndarray


@kernel
def block_ranges(sizes, block):
    """Return where a block's positions and channels begin and end."""
    row, column = block // sizes.channel_blocks, block % sizes.channel_blocks
    first = row * sizes.positions // sizes.position_blocks
    last = (row + 1) * sizes.positions // sizes.position_blocks
    begin = column * sizes.channels // sizes.channel_blocks
    end = (column + 1) * sizes.channels // sizes.channel_blocks
    return first, last, begin, end


@kernel
def measure(arrays, sizes, block):
    """Write the mean of each channel in a block, and the sum of the squares around it."""
    inputs, place = arrays.inputs, block // sizes.channel_blocks
    first, last, begin, end = block_ranges(sizes, block)
    one, nothing = inputs.dtype.type(1), inputs.dtype.type(0)
    whole = sizes.active // LANES * LANES
    count = max(1, (last - first) * sizes.active)
    for channel in range(begin, end):
        total, rest = broadcast(nothing), nothing
        for position in range(first, last):
            row = (position * sizes.channels + channel) * sizes.histories
            for i in range(row, row + whole, LANES):
                total = multiply_add(load(inputs, i), broadcast(one), total)
            for i in range(row + whole, row + sizes.active):
                rest += inputs[i]
        mean = (horizontal_sum(total) + rest) / inputs.dtype.type(count)
        squares, rest = broadcast(nothing), nothing
        for position in range(first, last):
            row = (position * sizes.channels + channel) * sizes.histories
            for i in range(row, row + whole, LANES):
                deviation = multiply_add(load(inputs, i), broadcast(one), broadcast(-mean))
                squares = multiply_add(deviation, deviation, squares)
            for i in range(row + whole, row + sizes.active):
                rest += (inputs[i] - mean) * (inputs[i] - mean)
        arrays.partial[0, place, channel] = mean
        arrays.partial[1, place, channel] = horizontal_sum(squares) + rest


@kernel
def normalise(arrays, sizes, block):
    """outputs = (inputs - mean) * factor + offset of the channel."""
    first, last, begin, end = block_ranges(sizes, block)
    one = broadcast(arrays.inputs.dtype.type(1))
    for position in range(first, last):
        for channel in range(begin, end):
            mean, factor = broadcast(-arrays.means[channel]), broadcast(arrays.factors[channel])
            offset = broadcast(arrays.offsets[channel])
            row = (position * sizes.channels + channel) * sizes.histories
            for i in range(row, row + sizes.histories, LANES):
                deviation = multiply_add(load(arrays.inputs, i), one, mean)
                store(arrays.outputs, i, multiply_add(deviation, factor, offset))


@kernel
def sum_signals(arrays, sizes, block):
    """Write the sums of signals * (inputs - mean), and of signals, of each channel in a block."""
    inputs, signals, place = arrays.inputs, arrays.signals, block // sizes.channel_blocks
    first, last, begin, end = block_ranges(sizes, block)
    one, zero = broadcast(inputs.dtype.type(1)), broadcast(inputs.dtype.type(0))
    for channel in range(begin, end):
        products, totals = zero, zero
        mean = broadcast(-arrays.means[channel])
        for position in range(first, last):
            row = (position * sizes.channels + channel) * sizes.histories
            for i in range(row, row + sizes.histories, LANES):
                signal = load(signals, i)
                deviation = multiply_add(load(inputs, i), one, mean)
                products = multiply_add(signal, deviation, products)
                totals = multiply_add(signal, one, totals)
        arrays.partial[0, place, channel] = horizontal_sum(products)
        arrays.partial[1, place, channel] = horizontal_sum(totals)


@kernel
def propagate(arrays, sizes, block):
    """input_signals = signals * factor + (inputs - mean) * slope + offset; zero where nothing is active."""
    first, last, begin, end = block_ranges(sizes, block)
    one = broadcast(arrays.inputs.dtype.type(1))
    for position in range(first, last):
        for channel in range(begin, end):
            mean, factor = broadcast(-arrays.means[channel]), broadcast(arrays.factors[channel])
            slope, offset = broadcast(arrays.slopes[channel]), broadcast(arrays.offsets[channel])
            row = (position * sizes.channels + channel) * sizes.histories
            for i in range(row, row + sizes.histories, LANES):
                deviation = multiply_add(load(arrays.inputs, i), one, mean)
                line = multiply_add(deviation, slope, offset)
                store(arrays.input_signals, i, multiply_add(load(arrays.signals, i), factor, line))
            arrays.input_signals[row + sizes.active : row + sizes.histories] = 0


@kernel
def run_block(step, arrays, sizes, block):
    """Run one of the four passes over one block."""
    if step == MEASURE:
        measure(arrays, sizes, block)
    elif step == NORMALISE:
        normalise(arrays, sizes, block)
    elif step == SUM:
        sum_signals(arrays, sizes, block)
    else:
        propagate(arrays, sizes, block)


@kernel
def run(step, arrays, sizes):
    """Run a pass on one thread."""
    for block in range(sizes.position_blocks * sizes.channel_blocks):
        run_block(step, arrays, sizes, block)


@kernel(parallel=True)
def run_parallel(step, arrays, sizes):
    """Run a pass on several threads."""
    for block in prange(sizes.position_blocks * sizes.channel_blocks):
        run_block(step, arrays, sizes, block)


@kernel
def combine(partial, sizes, means, variances):
    """Put the means and squares of the blocks together (Chan, Golub and LeVeque 1979, equation 2.1)."""
    for channel in range(sizes.channels):
        count, mean, squares = 0, 0.0, 0.0
        for row in range(sizes.position_blocks):
            first, last, _, _ = block_ranges(sizes, row * sizes.channel_blocks)
            more = (last - first) * sizes.active
            distance = partial[0, row, channel] - mean
            mean += distance * more / (count + more)
            squares += partial[1, row, channel] + distance * distance * count * more / (count + more)
            count += more
        means[channel], variances[channel] = mean, squares / count
