"""Kernels of batch normalisation: blocks of positions and channels, explicit vectors.

Arrays are flat: positions x channels x histories, whole vectors of histories. A pass runs over the
blocks, on one thread or several; what a block sums it writes to a place of its own, and the sums of the
blocks are combined in their order, so the bits do not depend on the threads. One compiled entry serves
all four passes, because parallel ones take long to compile.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, horizontal_sum, load, multiply_add, store
from nn.kernels.core.sums import SPAN, add_compensated

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
def positions_of_part(sizes):
    """Return how many positions are added up before what rounding lost is looked at."""
    return max(1, SPAN // sizes.histories)


@kernel
def measure(arrays, sizes, block):
    """Write the mean of each channel in a block, and the sum of the squares around it.

    What is left of the deviations corrects both (Chan, Golub and LeVeque 1983, equation 1.7), so that
    numbers which are all the same have a variance of zero.
    """
    inputs, place = arrays.inputs, block // sizes.channel_blocks
    first, last, begin, end = block_ranges(sizes, block)
    nothing = broadcast(inputs.dtype.type(0))
    whole, step = sizes.active // LANES * LANES, positions_of_part(sizes)
    count = max(1, (last - first) * sizes.active)
    for channel in range(begin, end):
        total, tail = nothing, 0.0
        for position in range(first, last):
            row = (position * sizes.channels + channel) * sizes.histories
            for i in range(row, row + whole, LANES):
                total = total + load(inputs, i)
            for i in range(row + whole, row + sizes.active):
                tail += inputs[i]
        mean = inputs.dtype.type((horizontal_sum(total) + tail) / count)
        rest = rest_lost = squares = squares_lost = nothing
        tail, tail_squares = 0.0, 0.0
        for group in range(first, last, step):
            for start in range(0, whole, SPAN):
                part = square = nothing
                for position in range(group, min(group + step, last)):
                    row = (position * sizes.channels + channel) * sizes.histories
                    for i in range(row + start, row + min(start + SPAN, whole), LANES):
                        deviation = load(inputs, i) - broadcast(mean)
                        part = part + deviation
                        square = multiply_add(deviation, deviation, square)
                rest, rest_lost = add_compensated(rest, rest_lost, part)
                squares, squares_lost = add_compensated(squares, squares_lost, square)
            for position in range(group, min(group + step, last)):
                row = (position * sizes.channels + channel) * sizes.histories
                for i in range(row + whole, row + sizes.active):
                    tail += inputs[i] - mean
                    tail_squares += (inputs[i] - mean) * (inputs[i] - mean)
        shift = (horizontal_sum(rest) + tail) / count
        around = horizontal_sum(squares) + tail_squares - count * shift * shift
        arrays.partial[0, place, channel] = mean + shift
        arrays.partial[1, place, channel] = 0.0 if around < 0 else around


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
    zero, step = broadcast(inputs.dtype.type(0)), positions_of_part(sizes)
    for channel in range(begin, end):
        products = products_lost = totals = totals_lost = zero
        mean = broadcast(-arrays.means[channel])
        for group in range(first, last, step):
            for start in range(0, sizes.histories, SPAN):
                product = part = zero
                for position in range(group, min(group + step, last)):
                    row = (position * sizes.channels + channel) * sizes.histories
                    for i in range(row + start, row + min(start + SPAN, sizes.histories), LANES):
                        signal = load(signals, i)
                        product = multiply_add(signal, load(inputs, i) + mean, product)
                        part = part + signal
                products, products_lost = add_compensated(products, products_lost, product)
                totals, totals_lost = add_compensated(totals, totals_lost, part)
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


@kernel(separately=True)
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
        run_block(step, arrays, sizes, intp(block))


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
