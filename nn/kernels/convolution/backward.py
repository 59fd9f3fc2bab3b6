"""Backward kernels of convolutions: deltas, and the gradients of shared weights and biases.

The input signals are sums of windows too: `nn.kernels.convolution.forward` makes them.

A weight is used all over the image, so its gradient is a sum over rows of windows. Rows are divided into a
fixed number of chunks, each with its own sums, which are then added in order: the bits do not depend on the
threads. Vectors of sums run along a row of the kernel, so the image is laid out once with the histories
outside: (height, N, width * channels and some).
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.activations import multiply_by_derivative
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import transpose
from nn.kernels.core.simd import broadcast, horizontal_sum, load
from nn.kernels.core.sums import SPAN, add_compensated
from nn.kernels.core.thin_product import multiply_thin
from nn.kernels.core.tile import Columns, Rows, Target


class Arrays(NamedTuple):
    """What backward reads and writes, all flat.

    values, signals, deltas: of the output. windows, image: what lies on either side of the windows, one of
    them the deltas, the other the inputs. transposed: the image with the histories outside. bias_rows: bias
    gradients of each row of the output. partial: weight gradients of each chunk. The targets are the
    gradients, or the parameters themselves when the update is applied in the same pass.
    """

    values: np.ndarray
    signals: np.ndarray
    deltas: np.ndarray
    windows: np.ndarray
    image: np.ndarray
    transposed: np.ndarray
    bias_rows: np.ndarray
    partial: np.ndarray
    weights_target: np.ndarray
    biases_target: np.ndarray


@kernel(allocates=False)
def output_height(arrays):
    """Return the number of rows of the output."""
    return arrays.bias_rows.size // arrays.biases_target.size


@kernel(allocates=False, separately=True)
def delta_row(arrays, code, slope, histories, row):
    """Compute the deltas of one row of the output, and their sums over pixels and histories."""
    channels = arrays.biases_target.size
    size = arrays.deltas.size // output_height(arrays)
    begin, end = row * size, (row + 1) * size
    values, signals = arrays.values[begin:end], arrays.signals[begin:end]
    multiply_by_derivative(code, slope, values, signals, arrays.deltas[begin:end])
    zero = broadcast(arrays.deltas.dtype.type(0))
    pixel = channels * histories
    apart = max(1, SPAN // histories) * pixel
    for channel in range(channels):
        total = lost = zero
        for group in range(begin + channel * histories, end, apart):
            for start in range(0, histories, SPAN):
                part = zero
                for first in range(group, min(group + apart, end), pixel):
                    for i in range(first + start, first + min(start + SPAN, histories), LANES):
                        part = part + load(arrays.deltas, i)
                total, lost = add_compensated(total, lost, part)
        arrays.bias_rows[row * channels + channel] = horizontal_sum(total)


@kernel(allocates=False)
def image_height(plan, arrays):
    """Return the number of rows of the image."""
    return arrays.image.size // (plan.width * plan.sources * plan.histories)


@kernel(allocates=False, separately=True)
def transpose_row(plan, arrays, row):
    """Lay one row of the image out with the histories outside."""
    n = plan.histories
    inputs = plan.width * plan.sources
    width = arrays.transposed.size // (image_height(plan, arrays) * n)
    source = Rows(arrays.image, row * inputs * n, n, 1)
    transpose(source, Target(arrays.transposed, row * n * width, width), inputs, n)


@kernel(inline=True)
def correlate_row(plan, arrays, row, chunk):
    """Add the weight gradients of one row of windows to those of its chunk."""
    n, outputs, channels = plan.histories, plan.targets, plan.sources
    kernel = plan.phases[0, 0, 1]
    size = plan.phases[0, 0, 0] * kernel * channels
    width = arrays.transposed.size // (image_height(plan, arrays) * n)
    for line in range(plan.rows[row, 1]):
        pixels = (plan.rows[row, 0] + line * plan.row_step) * n * width
        weight = chunk * outputs * size + (plan.rows[row, 2] + line) * kernel * channels
        for column in range(plan.columns.shape[0]):
            left, taps, skipped = plan.columns[column, 0], plan.columns[column, 1], plan.columns[column, 2]
            window = (row * plan.columns.shape[0] + column) * outputs * n
            # Neighbouring taps are one product; with dilation each is its own.
            together = taps if plan.column_step == 1 else 1
            for tap in range(0, taps, max(together, 1)):
                begin = pixels + (left + tap * plan.column_step) * channels
                seen = Columns(arrays.transposed, begin, width, 0)
                target = Target(arrays.partial, weight + (skipped + tap) * channels, size)
                sources = Rows(arrays.windows, window, n, 1)
                multiply_thin(sources, seen, target, outputs, together * channels, 1, n, True)


@kernel(allocates=False, separately=True)
def correlate_chunk(plan, arrays, chunk):
    """Compute the weight gradients of one chunk of the rows of windows."""
    size = arrays.weights_target.size
    rows, chunks = plan.rows.shape[0], arrays.partial.size // size
    arrays.partial[chunk * size : (chunk + 1) * size] = 0
    for row in range(chunk * rows // chunks, (chunk + 1) * rows // chunks):
        correlate_row(plan, arrays, row, chunk)


@kernel
def add_up(partial, target, scale):
    """target += scale * the sum of `partial`, arrays as large as the target one after another."""
    size = target.size
    total = partial[:size]
    for begin in range(size, partial.size, size):
        total += partial[begin : begin + size]
    target += scale * total


@kernel
def add_rows(rows, target, scale):
    """target += scale * the sum of the rows, flat, each as long as the target."""
    for channel in range(target.size):
        total = 0.0
        for i in range(channel, rows.size, target.size):
            total += rows[i]
        target[channel] += scale * total


@kernel(parallel=True)
def deltas_parallel(plan, arrays, code, slope):
    """Compute the deltas and lay the image out, rows in parallel; the image may be the deltas."""
    for row in prange(output_height(arrays)):
        delta_row(arrays, code, slope, plan.histories, intp(row))
    for row in prange(image_height(plan, arrays)):
        transpose_row(plan, arrays, intp(row))


@kernel(allocates=False)
def deltas_serial(plan, arrays, code, slope):
    """Run the same on one thread, for layers that are not worth a parallel region."""
    for row in range(output_height(arrays)):
        delta_row(arrays, code, slope, plan.histories, row)
    for row in range(image_height(plan, arrays)):
        transpose_row(plan, arrays, row)


@kernel(parallel=True)
def gradients_parallel(plan, arrays, scale):
    """Add the gradients to their targets, chunks in parallel. `plan` gathers, for either family."""
    for chunk in prange(arrays.partial.size // arrays.weights_target.size):
        correlate_chunk(plan, arrays, intp(chunk))
    add_up(arrays.partial, arrays.weights_target, scale)
    add_rows(arrays.bias_rows, arrays.biases_target, scale)


@kernel
def gradients_serial(plan, arrays, scale):
    """Run the same on one thread."""
    for chunk in range(arrays.partial.size // arrays.weights_target.size):
        correlate_chunk(plan, arrays, chunk)
    add_up(arrays.partial, arrays.weights_target, scale)
    add_rows(arrays.bias_rows, arrays.biases_target, scale)
