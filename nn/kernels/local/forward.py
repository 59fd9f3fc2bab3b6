"""Forward kernels of the local rungs: windows of an image, each with weights of its own.

A tile's neurons form one small dense layer; the image is read and written where it lies, so there are
no index lists. Arrays are flat: images (H, W, C, N), weights tile after tile.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.activations import activate
from nn.kernels.core.compilation import kernel
from nn.kernels.core.half_vectors import HALF_LANES, broadcast_pair, copy_halves
from nn.kernels.core.simd import broadcast, load, multiply_add, prefetch, store
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vectors import add_number
from nn.kernels.local.sums import window_sums


class Geometry(NamedTuple):
    """Where the tiles lie. Spans and offsets as in `Tiling` and `Local`; counts are plain numbers.

    `band` is how many rows of tiles one has. `overlapping` says whether windows do; `transposed_row` is the
    length of a row of transposed inputs. `together` is how many tiles of a row are processed group by group:
    where groups see the same pixels, what one group reads of them stays in cache from tile to tile. `step` is
    how far apart the windows of neighbours begin.
    """

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
    overlapping: bool
    transposed_row: int
    together: int
    step: int


class Arrays(NamedTuple):
    """What the kernels read and write, all flat but the scratch: working memory for every row of tiles.

    The targets are the gradients, or the parameters themselves where the update is applied in the
    same pass. Where windows overlap, `transposed` and `transposed_signals` hold the inputs and their
    signals once more, (groups, H, histories, row), with a row of an image line's numbers and some behind
    them that are no part of it; see `nn.kernels.core.half_vectors`.
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
    transposed_signals: np.ndarray
    scratch: np.ndarray


class Place(NamedTuple):
    """One tile of one group: the neurons it connects and where their numbers begin."""

    weights: int
    inputs: int
    outputs: int
    source: int
    lines: int
    line: int
    step: int
    outer_step: int
    corner: int
    corner_step: int


@kernel
def image_step(geometry):
    """Return how far apart the inputs of one group are in the image."""
    return geometry.histories if geometry.groups == 1 else geometry.channels * geometry.histories


@kernel(inline=True)
def place(geometry, row, column, group):
    """Describe a tile.

    Its window is `lines` rows of `line` inputs each, `step` apart in a row and `outer_step` from row
    to row, from `source` on; in the transposed inputs they begin at `corner`, and `corner_step` further
    in the next row.
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
    transposed_line = g.histories * g.transposed_row
    return Place(
        g.weight_offsets[row * columns + column] + group * outputs * inputs,
        inputs,
        outputs,
        (pixel * g.channels + group * inputs_of_group) * g.histories,
        height,
        width * inputs_of_group,
        image_step(g),
        g.width * g.channels * g.histories,
        (group * g.row_spans[-1, 1] + g.row_spans[row, 0]) * transposed_line
        + g.column_spans[column, 0] * inputs_of_group,
        transposed_line,
    )


@kernel
def block_line(geometry, row, column, line):
    """Return where a line of a tile's block begins in the output image, in neurons of all channels."""
    size = geometry.block * geometry.output_channels
    return (row * geometry.block + line) * geometry.column_spans.shape[0] * size + column * size


@kernel
def group_offset(geometry, group, pixel):
    """Return where the neurons of one group lie in a pixel of a block: image order, and group after group."""
    channels = geometry.output_channels // geometry.groups * geometry.histories
    whole = (pixel * geometry.groups + group) * channels
    return whole, (group * geometry.block * geometry.block + pixel) * channels


@kernel(inline=True)
def block_size(geometry):
    """Return how many numbers a block of the output has: histories of all its neurons."""
    return geometry.block * geometry.block * geometry.output_channels * geometry.histories


@kernel(inline=True)
def block_begin(geometry, number):
    """Return where one of the blocks that go together lies in the scratch; one more has room behind them.

    An odd output leaves half a vector behind its block.
    """
    return number * (block_size(geometry) + HALF_LANES)


@kernel(allocates=False)
def image_order(geometry, scratch, begin):
    """Bring the sums of a block from the order of groups into that of the image; return where they are."""
    if geometry.groups == 1:
        return begin
    pixels = geometry.block * geometry.block
    size, to = block_size(geometry), block_begin(geometry, geometry.together)
    for group in range(geometry.groups):
        for pixel in range(pixels):
            whole, grouped = group_offset(geometry, group, pixel)
            copy_halves(scratch, begin + grouped, scratch, to + whole, size // (pixels * geometry.groups))
    return to


@kernel(allocates=False)
def finish_block(geometry, arrays, row, column, code, slope, scratch, begin):
    """Turn the sums of a block, group after group in the scratch, into values."""
    n, begin = geometry.histories, image_order(geometry, scratch, begin)
    neurons = geometry.block * geometry.output_channels
    for line in range(geometry.block):
        first = block_line(geometry, row, column, line)
        add_biases(scratch, begin + line * neurons * n, n, arrays.biases, first, neurons)
    activate(code, slope, scratch[begin : begin + geometry.block * neurons * n])
    for line in range(geometry.block):
        first, at = block_line(geometry, row, column, line) * n, begin + line * neurons * n
        copy_halves(scratch, at, arrays.values, first, neurons * n)


@kernel(allocates=False)
def add_biases(sums, begin, n, biases, first, neurons):
    """Add to each neuron's sums its bias; where histories are few, to those of two neurons at once."""
    if n == HALF_LANES:
        one = broadcast(sums.dtype.type(1))
        for k in range(0, neurons, 2):
            following = biases[first + k + 1] if k + 1 < neurons else sums.dtype.type(0)
            pair = broadcast_pair(biases[first + k], following)
            store(sums, begin + k * n, multiply_add(one, pair, load(sums, begin + k * n)))
    else:
        for k in range(neurons):
            add_number(sums, begin + k * n, n, biases[first + k])


@kernel(inline=True)
def prefetch_following(geometry, tile, inputs):
    """Prefetch what the tile to the right sees of a group and this one does not: short pieces, far apart."""
    for line in range(tile.lines):
        begin = tile.source + line * tile.outer_step + tile.line * tile.step
        for i in range(geometry.step):
            for n in range(0, geometry.histories, LANES):
                prefetch(inputs, begin + i * tile.step + n)


@kernel(allocates=False, separately=True)
def forward_row(geometry, arrays, code, slope, row, scratch):
    """Compute the values of one row of tiles."""
    n = geometry.histories
    for column in range(geometry.column_spans.shape[0]):
        for group in range(geometry.groups):
            tile = place(geometry, row, column, group)
            left = Rows(arrays.weights, tile.weights, tile.inputs, 1)
            window = Columns(arrays.inputs, tile.source, tile.step, tile.outer_step)
            sums = Target(scratch, group * tile.outputs * n, n)
            prefetch_following(geometry, tile, arrays.inputs)
            window_sums(left, window, sums, tile.outputs, n, tile.lines, tile.line)
        finish_block(geometry, arrays, row, column, code, slope, scratch, 0)


@kernel(allocates=False, separately=True)
def forward_number(geometry, arrays, code, slope, row):
    """Compute the values of one row of tiles with the row's own scratch."""
    forward_row(geometry, arrays, code, slope, row, arrays.scratch[row])


@kernel(parallel=True)
def forward_parallel(geometry, arrays, code, slope):
    """Run the rows of tiles in parallel."""
    for row in prange(arrays.scratch.shape[0]):
        forward_number(geometry, arrays, code, slope, intp(row))


@kernel(allocates=False)
def forward_serial(geometry, arrays, code, slope):
    """Run all rows on one thread, for layers that are not worth a parallel region."""
    for row in range(arrays.scratch.shape[0]):
        forward_number(geometry, arrays, code, slope, row)
