"""Backward kernels of local layers: deltas, input signals and weight gradients, tile after tile."""

from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.activations import multiply_by_derivative
from nn.kernels.core.compilation import kernel
from nn.kernels.core.half_vector_gradients import add_products
from nn.kernels.core.half_vectors import copy_halves
from nn.kernels.core.sums import sum_range
from nn.kernels.core.tile import Target
from nn.kernels.local.forward import block_begin, block_line, block_size, group_offset, place
from nn.kernels.local.windows import (
    image_window,
    own_window,
    pack_line,
    pack_window,
    prefetch_beyond,
    transposed_lines,
    unpack_line,
    unpack_window,
)

CHUNK = 1 << 15
"""Weights of a tile that are gone through together: the chunk in work and the next fit into a core's L2."""


@kernel
def block_deltas(geometry, arrays, row, column, code, slope, scale, scratch, begin):
    """Write the deltas of a block's neurons, and add them to the targets of their biases."""
    n, neurons = geometry.histories, geometry.block * geometry.output_channels
    for line in range(geometry.block):
        first, to = block_line(geometry, row, column, line), begin + line * neurons * n
        values = arrays.values[first * n : (first + neurons) * n]
        signals = arrays.signals[first * n : (first + neurons) * n]
        multiply_by_derivative(code, slope, values, signals, scratch[to : to + neurons * n])
        for k in range(neurons):
            arrays.biases_target[first + k] += scale * sum_range(scratch, to + k * n, n)


@kernel
def grouped_deltas(geometry, arrays, row, column, code, slope, scale, scratch, begin):
    """Write the deltas of a block into the scratch, group after group."""
    pixels = geometry.block * geometry.block
    size, whole_begin = block_size(geometry), block_begin(geometry, geometry.together)
    if geometry.groups == 1:
        block_deltas(geometry, arrays, row, column, code, slope, scale, scratch, begin)
        return
    block_deltas(geometry, arrays, row, column, code, slope, scale, scratch, whole_begin)
    for group in range(geometry.groups):
        for pixel in range(pixels):
            whole, grouped = group_offset(geometry, group, pixel)
            to = begin + grouped
            copy_halves(scratch, whole_begin + whole, scratch, to, size // (pixels * geometry.groups))


@kernel(inline=True)
def tile_pass(arrays, tile, window, signals, scratch, delta, n, scale, propagates, overlapping):
    """Backpropagate through a tile whose deltas lie at `delta`, a chunk of outputs at a time."""
    outputs = min(tile.outputs, max(LANES, CHUNK // tile.inputs))
    for first in range(0, tile.outputs, outputs):
        weight = tile.weights + first * tile.inputs
        matrices = (
            Target(arrays.weights, weight, tile.inputs),
            Target(arrays.weights_target, weight, tile.inputs),
            Target(scratch, delta + first * n, n),
            signals.rows,
            window.rows,
        )
        add_products(
            matrices,
            min(outputs, tile.outputs - first),
            n,
            window.lines,
            window.line,
            window.step,
            outputs * tile.inputs,
            scale,
            propagates,
            overlapping or first > 0,
        )


@kernel(inline=True)
def group_pass(geometry, arrays, row, first, last, group, scratch, scale, propagates):
    """Backpropagate through one group of some tiles of a row."""
    n = geometry.histories
    packed = scratch.size - n * geometry.transposed_row
    sums = packed - n * geometry.transposed_row
    for column in range(first, last):
        tile = place(geometry, row, column, group)
        delta = block_begin(geometry, column - first) + group * tile.outputs * n
        if geometry.overlapping:
            window = image_window(geometry, tile, arrays.transposed)
            signals = image_window(geometry, tile, arrays.transposed_signals)
            if column == first:
                prefetch_beyond(geometry, window, 2 * geometry.together * geometry.step)
                prefetch_beyond(geometry, signals, 2 * geometry.together * geometry.step)
            tile_pass(arrays, tile, window, signals, scratch, delta, n, scale, propagates, True)
        else:
            pack_window(geometry, tile, arrays.inputs, scratch, packed)
            window = own_window(geometry, tile, scratch, packed)
            signals = own_window(geometry, tile, scratch, sums)
            tile_pass(arrays, tile, window, signals, scratch, delta, n, scale, propagates, False)
            if propagates:
                unpack_window(geometry, tile, scratch, sums, arrays.input_signals)


@kernel(allocates=False, separately=True)
def backward_row(geometry, arrays, code, slope, scale, propagates, row, scratch):
    """Backpropagate through a row of tiles, one after another."""
    columns = geometry.column_spans.shape[0]
    for first in range(0, columns, geometry.together):
        last = min(first + geometry.together, columns)
        for column in range(first, last):
            begin = block_begin(geometry, column - first)
            grouped_deltas(geometry, arrays, row, column, code, slope, scale, scratch, begin)
        for group in range(geometry.groups):
            group_pass(geometry, arrays, row, first, last, group, scratch, scale, propagates)


@kernel
def clear_signals(geometry, arrays, band):
    """Zero the image lines from this band's windows to those of the second band after it."""
    line, lines = geometry.histories * geometry.transposed_row, geometry.row_spans[-1, 1]
    row, following = band * geometry.band, (band + 2) * geometry.band
    last = geometry.row_spans[following, 0] if following < geometry.row_spans.shape[0] else lines
    for group in range(geometry.groups):
        begin = (group * lines + geometry.row_spans[row, 0]) * line
        arrays.transposed_signals[begin : (group * lines + last) * line] = 0


@kernel(separately=True)
def backward_band(geometry, arrays, code, slope, scale, propagates, band):
    """Backpropagate through one band of tile rows. Even bands zero the input signals first."""
    if propagates and geometry.overlapping and band % 2 == 0:
        clear_signals(geometry, arrays, band)
    first = band * geometry.band
    last = min(first + geometry.band, geometry.row_spans.shape[0])
    for row in range(first, last):
        backward_row(geometry, arrays, code, slope, scale, propagates, row, arrays.scratch[row])


@kernel
def band_count(geometry):
    """Return how many bands there are."""
    return (geometry.row_spans.shape[0] + geometry.band - 1) // geometry.band


@kernel(parallel=True)
def backward_parallel(geometry, arrays, code, slope, scale, propagates):
    """Run the even bands in parallel, then the odd ones.

    Windows overlap between neighbouring bands only, so nothing races, and every sum is made in the
    same order whatever the number of threads.
    """
    lines, bands = transposed_lines(geometry), band_count(geometry)
    for line in prange(lines):
        pack_line(geometry, arrays.inputs, arrays.transposed, intp(line))
    for parity in range(2):
        for pair in prange((bands + 1 - parity) // 2):
            backward_band(geometry, arrays, code, slope, scale, propagates, intp(2 * pair + parity))
    for line in prange(lines if propagates else 0):
        unpack_line(geometry, arrays.transposed_signals, arrays.input_signals, intp(line))


@kernel
def backward_serial(geometry, arrays, code, slope, scale, propagates):
    """Run the same on one thread, for layers that are not worth a parallel region."""
    lines, bands = transposed_lines(geometry), band_count(geometry)
    for line in range(lines):
        pack_line(geometry, arrays.inputs, arrays.transposed, line)
    for parity in range(2):
        for band in range(parity, bands, 2):
            backward_band(geometry, arrays, code, slope, scale, propagates, band)
    for line in range(lines if propagates else 0):
        unpack_line(geometry, arrays.transposed_signals, arrays.input_signals, line)
