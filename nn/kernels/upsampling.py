"""Kernels of upsampling, for images flat in the order rows, columns, channels, histories.

The numbers of a pixel are whole vectors. A task is a row of pixels or a part of the vectors in one; a number
is made by one task in a fixed order, so threads never change a bit. Each function runs a range of tasks on
one thread, its `_parallel` twin all of them in blocks. Backwards, nearest upsampling is average pooling.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, load_scalar, multiply_add, store
from nn.kernels.core.sums import PART, add_compensated
from nn.kernels.pooling.vectors import part_range


class Axis(NamedTuple):
    """How output rows (or columns) lie between input rows.

    lower, upper: int64, for every output row the input rows before and after it; distance: from the one
    before; first, last: int64, for every input row the range of output rows that it is part of.
    """

    lower: np.ndarray
    upper: np.ndarray
    distance: np.ndarray
    first: np.ndarray
    last: np.ndarray


HALF_LANES = 4 * PART
"""Of so few pixels what rounding loses is small, and is not looked at."""


@kernel
def weight_of(axis, output, source):
    """Return how much an input row counts in an output row; the edge may be both its neighbours."""
    distance = axis.distance[output]
    one = type(distance)(1)
    before = one - distance if axis.lower[output] == source else type(distance)(0)
    return before + distance if axis.upper[output] == source else before


@kernel
def repeat(values, windows, outputs, parts, first, last):
    """Every pixel of a window of outputs = the input pixel that it is made of."""
    numbers = windows.numbers
    for task in range(first, last):
        y = task // parts
        begin, end = part_range(task, parts, numbers)
        source = y // windows.window_height * windows.columns * numbers
        for column in range(windows.columns):
            to = (y * windows.width + column * windows.window_width) * numbers
            for i in range(begin, end, LANES):
                pixel = load(values, source + column * numbers + i)
                for x in range(windows.window_width):
                    store(outputs, to + x * numbers + i, pixel)


@kernel(parallel=True)
def repeat_parallel(values, windows, outputs, parts, blocks):
    """Run `repeat` over blocks of tasks in parallel."""
    tasks = windows.height * parts
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        repeat(values, windows, outputs, parts, first, last)


@kernel
def bilinear(values, rows, columns, numbers, outputs, parts, first, last):
    """outputs[y, x] = the four input pixels around it, weighted; the edge stands for what lies beyond."""
    width, one = columns.first.size, columns.distance.dtype.type(1)
    zero = broadcast(columns.distance.dtype.type(0))
    for task in range(first, last):
        y = task // parts
        begin, end = part_range(task, parts, numbers)
        above, below = rows.lower[y] * width, rows.upper[y] * width
        up, down = broadcast(one - rows.distance[y]), broadcast(rows.distance[y])
        for x in range(columns.lower.size):
            left, right = columns.lower[x], columns.upper[x]
            back, across = broadcast(one - columns.distance[x]), broadcast(columns.distance[x])
            to = (y * columns.lower.size + x) * numbers
            for i in range(begin, end, LANES):
                upper = multiply_add(across, load(values, (above + right) * numbers + i), zero)
                upper = multiply_add(back, load(values, (above + left) * numbers + i), upper)
                lower = multiply_add(across, load(values, (below + right) * numbers + i), zero)
                lower = multiply_add(back, load(values, (below + left) * numbers + i), lower)
                store(outputs, to + i, multiply_add(up, upper, multiply_add(down, lower, zero)))


@kernel(parallel=True)
def bilinear_parallel(values, rows, columns, numbers, outputs, parts, blocks):
    """Run `bilinear` over blocks of tasks in parallel."""
    tasks = rows.lower.size * parts
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        bilinear(values, rows, columns, numbers, outputs, parts, first, last)


@kernel
def weights_at(rows, columns, y, x, weights):
    """weights = how much an input pixel counts in the output pixels that it is part of, row by row."""
    place = 0
    for row in range(rows.first[y], rows.last[y]):
        weight = weight_of(rows, row, y)
        for column in range(columns.first[x], columns.last[x]):
            weights[place] = weight * weight_of(columns, column, x)
            place += 1


@kernel(inline=True, allocates=False)
def row_of(signals, source, numbers, weights, place, across, total):
    """Return total + the weighted signals of a row of output pixels."""
    for column in range(across):
        weight = broadcast(load_scalar(weights, place + column))
        total = multiply_add(weight, load(signals, source + column * numbers), total)
    return total


@kernel
def bilinear_signals(signals, rows, columns, numbers, input_signals, parts, first, last):
    """input_signals[y, x] = the signals of all output pixels that it counts in, weighted as it was."""
    width, zero = columns.lower.size, broadcast(columns.distance.dtype.type(0))
    most = np.max(rows.last - rows.first) * np.max(columns.last - columns.first)
    weights = np.empty(most, columns.distance.dtype)
    for task in range(first, last):
        y = task // parts
        begin, end = part_range(task, parts, numbers)
        for x in range(columns.first.size):
            weights_at(rows, columns, y, x, weights)
            across, along = columns.last[x] - columns.first[x], rows.last[y] - rows.first[y]
            corner = (rows.first[y] * width + columns.first[x]) * numbers
            to = (y * columns.first.size + x) * numbers
            for i in range(begin, end, LANES):
                source, total, lost = corner + i, zero, zero
                if across * along <= HALF_LANES:
                    for down in range(along):
                        total = row_of(signals, source, numbers, weights, down * across, across, total)
                        source += width * numbers
                else:
                    for down in range(along):
                        part = row_of(signals, source, numbers, weights, down * across, across, zero)
                        total, lost = add_compensated(total, lost, part)
                        source += width * numbers
                store(input_signals, to + i, total)


@kernel(parallel=True)
def bilinear_signals_parallel(signals, rows, columns, numbers, input_signals, parts, blocks):
    """Run `bilinear_signals` over blocks of tasks in parallel."""
    tasks = rows.first.size * parts
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        bilinear_signals(signals, rows, columns, numbers, input_signals, parts, first, last)
