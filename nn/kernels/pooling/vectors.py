"""Kernels of pooling with explicit vectors, for images flat in the order rows, columns, channels, histories.

The numbers of a pixel (channels times histories) are whole vectors. The work is cut into tasks, each a row
of windows (backwards: of pixels) or a part of the vectors in one; a number is made by one task, in the
order of the windows, so threads never change a bit. Each function runs a range of tasks on one thread, its
`_parallel` twin all of them in blocks.
Average windows also serve nearest upsampling: its backward.
"""

from typing import NamedTuple

from numba import prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, multiply_add, store, where_equal, where_greater
from nn.kernels.core.sums import PART, add_compensated


class Windows(NamedTuple):
    """Where the windows of an image lie, and how many numbers a pixel has.

    height, width: of the image; rows, columns: of windows; then the sides of a window, the distance of
    windows, and how far the first reaches beyond the image, each for rows and columns.
    """

    height: int
    width: int
    rows: int
    columns: int
    window_height: int
    window_width: int
    row_stride: int
    column_stride: int
    row_padding: int
    column_padding: int
    numbers: int


@kernel
def row_range(windows, row):
    """Return the rows of the image that windows of a row see."""
    top = row * windows.row_stride - windows.row_padding
    return max(top, 0), min(top + windows.window_height, windows.height)


@kernel
def column_range(windows, column):
    """Return the columns of the image that windows of a column see."""
    left = column * windows.column_stride - windows.column_padding
    return max(left, 0), min(left + windows.window_width, windows.width)


@kernel
def share_of(share, top, bottom, left, right):
    """Return what a pixel of a window counts for: `share`, or where that is 0, one among its pixels."""
    return share if share else type(share)(1) / type(share)((bottom - top) * (right - left))


@kernel
def part_range(task, parts, numbers):
    """Return which numbers of a pixel belong to a task: whole vectors."""
    part, vectors = task % parts, numbers // LANES
    return part * vectors // parts * LANES, (part + 1) * vectors // parts * LANES


@kernel
def windows_over_row(windows, y):
    """Return the windows that see row y of the image: they follow one another."""
    shifted = y + windows.row_padding
    first = max((shifted - windows.window_height) // windows.row_stride + 1, 0)
    last = min(shifted // windows.row_stride + 1, windows.rows)
    return first * windows.columns, last * windows.columns


@kernel
def maximum(values, windows, outputs, winners, parts, first, last):
    """outputs = the greatest number of every window; winners = which of its pixels that is."""
    numbers = windows.numbers
    for task in range(first, last):
        row = task // parts
        begin, end = part_range(task, parts, numbers)
        top, bottom = row_range(windows, row)
        for column in range(windows.columns):
            left, right = column_range(windows, column)
            to = (row * windows.columns + column) * numbers
            for i in range(begin, end, LANES):
                greatest = load(values, (top * windows.width + left) * numbers + i)
                winner = broadcast(values.dtype.type(0))
                for y in range(top, bottom):
                    for x in range(left, right):
                        pixel = broadcast(values.dtype.type((y - top) * (right - left) + x - left))
                        value = load(values, (y * windows.width + x) * numbers + i)
                        winner = where_greater(value, greatest, pixel, winner)
                        greatest = where_greater(value, greatest, value, greatest)
                store(outputs, to + i, greatest)
                store(winners, to + i, winner)


@kernel(parallel=True)
def maximum_parallel(values, windows, outputs, winners, parts, blocks):
    """Run `maximum` over blocks of tasks in parallel."""
    tasks = windows.rows * parts
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        maximum(values, windows, outputs, winners, parts, first, last)


@kernel
def clear(values, windows, y, begin, end, zero):
    """Set some numbers of every pixel in a row of the image to zero, a vector."""
    for x in range(windows.width):
        pixel = (y * windows.width + x) * windows.numbers
        for i in range(pixel + begin, pixel + end, LANES):
            store(values, i, zero)


@kernel
def maximum_signals(signals, winners, windows, input_signals, parts, first, last):
    """input_signals = the signals of all windows that a number was the greatest in."""
    numbers = windows.numbers
    zero, one = broadcast(signals.dtype.type(0)), broadcast(signals.dtype.type(1))
    for task in range(first, last):
        y = task // parts
        begin, end = part_range(task, parts, numbers)
        clear(input_signals, windows, y, begin, end, zero)
        for window in range(*windows_over_row(windows, y)):
            row, column = window // windows.columns, window % windows.columns
            top, _ = row_range(windows, row)
            left, right = column_range(windows, column)
            for i in range(begin, end, LANES):
                signal, winner = load(signals, window * numbers + i), load(winners, window * numbers + i)
                for x in range(left, right):
                    pixel = broadcast(signals.dtype.type((y - top) * (right - left) + x - left))
                    to = (y * windows.width + x) * numbers + i
                    won = where_equal(winner, pixel, signal, zero)
                    store(input_signals, to, multiply_add(one, won, load(input_signals, to)))


@kernel(parallel=True)
def maximum_signals_parallel(signals, winners, windows, input_signals, parts, blocks):
    """Run `maximum_signals` over blocks of tasks in parallel."""
    tasks = windows.height * parts
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        maximum_signals(signals, winners, windows, input_signals, parts, first, last)


@kernel
def average(values, windows, share, outputs, parts, first, last):
    """outputs = the sum of every window, times what its pixels count for."""
    numbers = windows.numbers
    zero = broadcast(type(share)(0))
    for task in range(first, last):
        row = task // parts
        begin, end = part_range(task, parts, numbers)
        top, bottom = row_range(windows, row)
        for column in range(windows.columns):
            left, right = column_range(windows, column)
            factor = broadcast(share_of(share, top, bottom, left, right))
            to = (row * windows.columns + column) * numbers
            few = (bottom - top) * (right - left) <= PART
            for i in range(begin, end, LANES):
                total = lost = zero
                for y in range(top, bottom):
                    place = y * windows.width * numbers + i
                    if few:
                        for x in range(left, right):
                            total = total + load(values, place + x * numbers)
                        continue
                    for x in range(left, right, PART):
                        part = zero
                        for pixel in range(x, min(x + PART, right)):
                            part = part + load(values, place + pixel * numbers)
                        total, lost = add_compensated(total, lost, part)
                store(outputs, to + i, factor * total)


@kernel(parallel=True)
def average_parallel(values, windows, share, outputs, parts, blocks):
    """Run `average` over blocks of tasks in parallel."""
    tasks = windows.rows * parts
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        average(values, windows, share, outputs, parts, first, last)


@kernel
def average_signals(signals, windows, share, input_signals, parts, first, last):
    """input_signals = the signals of all windows that see a pixel, times what it counts for in them."""
    numbers, zero = windows.numbers, broadcast(type(share)(0))
    for task in range(first, last):
        y = task // parts
        begin, end = part_range(task, parts, numbers)
        clear(input_signals, windows, y, begin, end, zero)
        for window in range(*windows_over_row(windows, y)):
            row, column = window // windows.columns, window % windows.columns
            top, bottom = row_range(windows, row)
            left, right = column_range(windows, column)
            factor = broadcast(share_of(share, top, bottom, left, right))
            for i in range(begin, end, LANES):
                signal = load(signals, window * numbers + i)
                for x in range(left, right):
                    to = (y * windows.width + x) * numbers + i
                    store(input_signals, to, multiply_add(factor, signal, load(input_signals, to)))


@kernel(parallel=True)
def average_signals_parallel(signals, windows, share, input_signals, parts, blocks):
    """Run `average_signals` over blocks of tasks in parallel."""
    tasks = windows.height * parts
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        average_signals(signals, windows, share, input_signals, parts, first, last)
