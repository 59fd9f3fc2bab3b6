"""Backward kernels of local_o2: deltas, input signals and weight gradients, tile after tile."""

from numba import njit, prange

from nn.kernels.activations import multiply_by_derivative
from nn.kernels.local import pixel_offset, place
from nn.kernels.product import multiply, transpose
from nn.kernels.vectors import copy, prefetch_range, scale_and_sum
from nn.tile import Columns, Rows, Target

CHUNK = 512
"""Rows of inputs that are transposed as one piece of parallel work."""


@njit(cache=True, nogil=True, error_model="numpy")
def tile_deltas(geometry, tile, arrays, code, slope, deltas):
    """Collect the deltas of a tile's outputs, side by side."""
    pixels = geometry.block * geometry.block
    size = tile.outputs // pixels * geometry.histories
    for pixel in range(pixels):
        begin = pixel_offset(geometry, tile, pixel)
        values, signals = arrays.values[begin : begin + size], arrays.signals[begin : begin + size]
        multiply_by_derivative(code, slope, values, signals, deltas[pixel * size : (pixel + 1) * size])


@njit(cache=True, nogil=True, error_model="numpy")
def tile_input_signals(tile, arrays, deltas, n):
    """Add weights transposed times deltas to the signals of the window, row by row of the image.

    The transposed weights are read with a stride that no hardware prefetcher follows, so those of
    the next tile are asked for meanwhile, and the targets that this tile's gradients go to.
    """
    weights = tile.outputs * tile.line
    following = tile.weights + tile.outputs * tile.inputs
    for line in range(tile.lines):
        prefetch_range(arrays.weights, following + line * weights, weights)
        prefetch_range(arrays.weights_target, tile.weights + line * weights, weights)
        left = Rows(arrays.weights, tile.weights + line * tile.line, 1, tile.inputs)
        target = Target(arrays.input_signals, tile.source + line * tile.outer_step, tile.step)
        multiply(left, Columns(deltas, 0, n, 0), target, tile.line, n, 1, tile.outputs, True)


@njit(cache=True, nogil=True, error_model="numpy")
def transpose_chunk(geometry, arrays, group, first, last):
    """Lay rows `first` to `last` of a group's inputs out as columns of `transposed`."""
    n = geometry.histories
    channels = geometry.channels // geometry.groups
    row = n if geometry.groups == 1 else geometry.channels * n
    width = arrays.transposed.size // n
    corner = group * (arrays.inputs.size // (n * geometry.groups))
    source = Rows(arrays.inputs, group * channels * n + first * row, row, 1)
    transpose(source, Target(arrays.transposed, corner + first, width), last - first, n)


@njit(cache=True, nogil=True, error_model="numpy")
def pack_window(tile, transposed, packed, n):
    """Lay the window's inputs side by side, a row for every history.

    Whole vectors are copied: what is too much of a line is overwritten by the next one, or lies
    behind the window, where the row is wide enough for it.
    """
    width, packed_width = transposed.size // n, packed.size // n
    for entry in range(n):
        for line in range(tile.lines):
            begin = entry * width + tile.corner + line * tile.corner_step
            copy(transposed, begin, packed, entry * packed_width + line * tile.line, tile.line)


@njit(cache=True, nogil=True, error_model="numpy")
def tile_gradients(geometry, tile, arrays, scale, deltas, packed):
    """Add deltas times inputs to the targets of a tile's weights and biases; deltas are scaled."""
    n = geometry.histories
    pixels = geometry.block * geometry.block
    channels = tile.outputs // pixels
    for pixel in range(pixels):
        bias = pixel_offset(geometry, tile, pixel) // n
        for channel in range(channels):
            begin = (pixel * channels + channel) * n
            arrays.biases_target[bias + channel] += scale_and_sum(deltas, begin, n, scale, deltas)
    width = packed.size // n
    pack_window(tile, arrays.transposed, packed, n)
    left = Rows(deltas, 0, n, 1)
    target = Target(arrays.weights_target, tile.weights, tile.inputs)
    multiply(left, Columns(packed, 0, width, 0), target, tile.outputs, tile.inputs, 1, n, True)


@njit(cache=True, nogil=True, error_model="numpy")
def backward_rows(geometry, arrays, code, slope, scale, propagates, first, last, scratch):
    """Backpropagate through the tiles in rows `first` to `last`, one after another."""
    space = geometry.block * geometry.block * geometry.output_channels // geometry.groups
    deltas, packed = scratch[: space * geometry.histories], scratch[space * geometry.histories :]
    for row in range(first, last):
        for column in range(geometry.column_spans.shape[0]):
            for group in range(geometry.groups):
                tile = place(geometry, row, column, group)
                tile_deltas(geometry, tile, arrays, code, slope, deltas)
                if propagates:
                    tile_input_signals(tile, arrays, deltas, geometry.histories)
                tile_gradients(geometry, tile, arrays, scale, deltas, packed)


@njit(cache=True, nogil=True, error_model="numpy")
def clear_input_signals(geometry, arrays, band):
    """Zero the image rows from this band's windows to those of the second band after it."""
    line = geometry.width * geometry.channels * geometry.histories
    row, following = band * geometry.band, (band + 2) * geometry.band
    begin = geometry.row_spans[row, 0] * line
    end = arrays.input_signals.size
    if following < geometry.row_spans.shape[0]:
        end = geometry.row_spans[following, 0] * line
    arrays.input_signals[begin:end] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def transpose_task(geometry, arrays, number, chunks):
    """Transpose one chunk of one group's inputs."""
    inputs = arrays.inputs.size // (geometry.histories * geometry.groups)
    group = number // chunks
    first = (number - group * chunks) * CHUNK
    transpose_chunk(geometry, arrays, group, first, min(first + CHUNK, inputs))


@njit(cache=True, nogil=True, error_model="numpy")
def backward_band(geometry, arrays, code, slope, scale, propagates, band):
    """Backpropagate through one band of tile rows. Even bands zero the input signals first."""
    if propagates and band % 2 == 0:
        clear_input_signals(geometry, arrays, band)
    first = band * geometry.band
    last = min(first + geometry.band, geometry.row_spans.shape[0])
    backward_rows(geometry, arrays, code, slope, scale, propagates, first, last, arrays.scratch[band])


@njit(cache=True, nogil=True, error_model="numpy")
def chunk_count(geometry, arrays):
    """Return how many chunks the inputs of a group are transposed in."""
    return (arrays.inputs.size // (geometry.histories * geometry.groups) + CHUNK - 1) // CHUNK


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def backward_parallel(geometry, arrays, code, slope, scale, propagates):
    """Run the even bands in parallel, then the odd ones.

    Windows overlap between neighbouring bands only, so nothing races, and every sum is made in the
    same order whatever the number of threads.
    """
    chunks = chunk_count(geometry, arrays)
    for number in prange(chunks * geometry.groups):
        transpose_task(geometry, arrays, number, chunks)
    bands = arrays.scratch.shape[0]
    for parity in range(2):
        for pair in prange((bands + 1 - parity) // 2):
            backward_band(geometry, arrays, code, slope, scale, propagates, 2 * pair + parity)


@njit(cache=True, nogil=True, error_model="numpy")
def backward_serial(geometry, arrays, code, slope, scale, propagates):
    """Do the same on one thread, for layers that are not worth a parallel region."""
    chunks = chunk_count(geometry, arrays)
    for number in range(chunks * geometry.groups):
        transpose_task(geometry, arrays, number, chunks)
    for parity in range(2):
        for band in range(parity, arrays.scratch.shape[0], 2):
            backward_band(geometry, arrays, code, slope, scale, propagates, band)
