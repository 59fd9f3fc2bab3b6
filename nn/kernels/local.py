"""Forward kernels of the local rungs: windows of an image, each with weights of its own.

A tile's neurons form one small dense layer; the image is read and written where it lies, so there are
no index lists. Arrays are flat: images (H, W, C, N), weights tile after tile.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.kernels.activations import activate
from nn.kernels.product import multiply
from nn.kernels.vectors import add_number, copy
from nn.tile import Columns, Rows, Target


class Geometry(NamedTuple):
    """Where the tiles lie. Spans and offsets as in `Tiling` and `Local`; counts are plain numbers."""

    row_spans: np.ndarray
    column_spans: np.ndarray
    weight_offsets: np.ndarray
    width: int
    channels: int
    block: int
    output_channels: int
    groups: int
    histories: int
    band: int


class Arrays(NamedTuple):
    """What the kernels read and write, all flat.

    The targets are the gradients, or the parameters themselves where the update is applied in the
    same pass. `transposed` has a row for every history, with the input image group after group, each
    (H, W, channels of the group); `scratch` a row of working memory for every band.
    """

    weights: np.ndarray
    weights_target: np.ndarray
    biases: np.ndarray
    biases_target: np.ndarray
    inputs: np.ndarray
    input_signals: np.ndarray
    values: np.ndarray
    signals: np.ndarray
    transposed: np.ndarray
    scratch: np.ndarray


class Place(NamedTuple):
    """One tile of one group: the neurons it connects and where their numbers begin."""

    weights: int
    inputs: int
    outputs: int
    source: int
    top_outputs: int
    lines: int
    line: int
    step: int
    outer_step: int
    corner: int
    corner_step: int


@njit(cache=True, nogil=True, error_model="numpy")
def place(geometry, row, column, group):
    """Describe a tile.

    Its window is `lines` rows of `line` inputs each, `step` apart in a row and `outer_step` from row
    to row, from `source` on; in the transposed inputs they begin at `corner`, and `corner_step` further
    in the next row. `top_outputs` is where the first of its `outputs` neurons lies.
    """
    g = geometry
    columns = g.column_spans.shape[0]
    height = g.row_spans[row, 1] - g.row_spans[row, 0]
    width = g.column_spans[column, 1] - g.column_spans[column, 0]
    inputs_of_group = g.channels // g.groups
    outputs_of_group = g.output_channels // g.groups
    outputs = g.block * g.block * outputs_of_group
    inputs = height * width * inputs_of_group
    pixel = g.row_spans[row, 0] * g.width + g.column_spans[column, 0]
    pixels = g.row_spans[-1, 1] * g.width
    output = (row * g.block * columns * g.block + column * g.block) * g.output_channels
    return Place(
        g.weight_offsets[row * columns + column] + group * outputs * inputs,
        inputs,
        outputs,
        (pixel * g.channels + group * inputs_of_group) * g.histories,
        (output + group * outputs_of_group) * g.histories,
        height,
        width * inputs_of_group,
        g.histories if g.groups == 1 else g.channels * g.histories,
        g.width * g.channels * g.histories,
        (group * pixels + pixel) * inputs_of_group,
        g.width * inputs_of_group,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def pixel_offset(geometry, tile, pixel):
    """Return where the outputs of one pixel of a tile's block lie, in entries from the image's start.

    The neurons of a pixel (its channels, or those of the group) lie side by side.
    """
    row = pixel // geometry.block
    column = pixel - row * geometry.block
    line = geometry.column_spans.shape[0] * geometry.block
    return tile.top_outputs + (row * line + column) * geometry.output_channels * geometry.histories


@njit(cache=True, nogil=True, error_model="numpy")
def forward_tile(geometry, tile, arrays, code, slope, sums):
    """Compute the values of one tile; `sums` is working memory for them."""
    n = geometry.histories
    pixels = geometry.block * geometry.block
    channels = tile.outputs // pixels
    left = Rows(arrays.weights, tile.weights, tile.inputs, 1)
    window = Columns(arrays.inputs, tile.source, tile.step, tile.outer_step)
    multiply(left, window, Target(sums, 0, n), tile.outputs, n, tile.lines, tile.line, False)
    for pixel in range(pixels):
        bias = pixel_offset(geometry, tile, pixel) // n
        for channel in range(channels):
            begin = (pixel * channels + channel) * n
            add_number(sums, begin, n, arrays.biases[bias + channel])
    activate(code, slope, sums[: tile.outputs * n])
    for pixel in range(pixels):
        to = pixel_offset(geometry, tile, pixel)
        copy(sums, pixel * channels * n, arrays.values, to, channels * n)


@njit(cache=True, nogil=True, error_model="numpy")
def forward_rows(geometry, arrays, code, slope, first, last, scratch):
    """Compute the values of the tiles in rows `first` to `last`."""
    for row in range(first, last):
        for column in range(geometry.column_spans.shape[0]):
            for group in range(geometry.groups):
                tile = place(geometry, row, column, group)
                forward_tile(geometry, tile, arrays, code, slope, scratch)


@njit(cache=True, nogil=True, error_model="numpy")
def forward_band(geometry, arrays, code, slope, band):
    """Compute the values of one band of tile rows."""
    first = band * geometry.band
    last = min(first + geometry.band, geometry.row_spans.shape[0])
    forward_rows(geometry, arrays, code, slope, first, last, arrays.scratch[band])


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def forward_parallel(geometry, arrays, code, slope):
    """Run bands of tile rows in parallel."""
    for band in prange(arrays.scratch.shape[0]):
        forward_band(geometry, arrays, code, slope, band)


@njit(cache=True, nogil=True, error_model="numpy")
def forward_serial(geometry, arrays, code, slope):
    """Run all bands on one thread, for layers that are not worth a parallel region."""
    for band in range(arrays.scratch.shape[0]):
        forward_band(geometry, arrays, code, slope, band)
