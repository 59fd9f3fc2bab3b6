"""Loops of pooling on one thread, for images flat in the order rows, columns, channels, histories.

The innermost loop runs over the numbers of a pixel (channels times histories), which lie side by side.
Average windows also serve nearest upsampling: it is their backward, and they are its.
"""

from typing import NamedTuple

import numpy as np

from nn.kernels.core.compilation import kernel


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
def maximum_loops(values, windows, outputs, winners):
    """outputs = the greatest number of every window; winners = which of its pixels that is."""
    numbers = windows.numbers
    for row in range(windows.rows):
        top, bottom = row_range(windows, row)
        for column in range(windows.columns):
            left, right = column_range(windows, column)
            to = (row * windows.columns + column) * numbers
            start = (top * windows.width + left) * numbers
            outputs[to : to + numbers] = values[start : start + numbers]
            winners[to : to + numbers] = 0
            for y in range(top, bottom):
                for x in range(left, right):
                    begin = (y * windows.width + x) * numbers
                    pixel = (y - top) * (right - left) + x - left
                    for i in range(numbers):
                        value = values[begin + i]
                        if value > outputs[to + i] or np.isnan(value):
                            outputs[to + i] = value
                            winners[to + i] = pixel


@kernel
def maximum_signals_loops(signals, winners, windows, input_signals):
    """input_signals = the signals of all windows that a number was the greatest in."""
    numbers = windows.numbers
    input_signals[:] = 0
    for row in range(windows.rows):
        top, bottom = row_range(windows, row)
        for column in range(windows.columns):
            left, right = column_range(windows, column)
            begin = (row * windows.columns + column) * numbers
            for y in range(top, bottom):
                for x in range(left, right):
                    to = (y * windows.width + x) * numbers
                    pixel = (y - top) * (right - left) + x - left
                    for i in range(numbers):
                        if winners[begin + i] == pixel:
                            input_signals[to + i] += signals[begin + i]


@kernel
def share_of(share, top, bottom, left, right):
    """Return what a pixel of a window counts for: `share`, or where that is 0, one among its pixels."""
    return share if share else type(share)(1) / type(share)((bottom - top) * (right - left))


@kernel
def average_loops(values, windows, share, outputs):
    """outputs = the sum of every window, times what its pixels count for."""
    numbers = windows.numbers
    sums = np.empty(numbers, np.float64)
    for row in range(windows.rows):
        top, bottom = row_range(windows, row)
        for column in range(windows.columns):
            left, right = column_range(windows, column)
            factor = share_of(share, top, bottom, left, right)
            to = (row * windows.columns + column) * numbers
            sums[:] = 0
            for y in range(top, bottom):
                for x in range(left, right):
                    begin = (y * windows.width + x) * numbers
                    for i in range(numbers):
                        sums[i] += values[begin + i]
            for i in range(numbers):
                outputs[to + i] = factor * sums[i]


@kernel
def average_signals_loops(signals, windows, share, input_signals):
    """input_signals = the signals of all windows that see a pixel, times what it counts for in them."""
    numbers = windows.numbers
    input_signals[:] = 0
    for row in range(windows.rows):
        top, bottom = row_range(windows, row)
        for column in range(windows.columns):
            left, right = column_range(windows, column)
            factor = share_of(share, top, bottom, left, right)
            begin = (row * windows.columns + column) * numbers
            for y in range(top, bottom):
                for x in range(left, right):
                    to = (y * windows.width + x) * numbers
                    for i in range(numbers):
                        input_signals[to + i] += factor * signals[begin + i]
