"""Forward kernels of local layers for few histories: vectors run along the inputs of a window."""

from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.half_vector_sums import pair_sums
from nn.kernels.core.half_vectors import HALF_LANES
from nn.kernels.core.simd import store
from nn.kernels.core.tile import Target
from nn.kernels.local.forward import block_begin, finish_block, place
from nn.kernels.local.sums import AHEAD
from nn.kernels.local.windows import (
    image_window,
    own_window,
    pack_line,
    pack_window,
    prefetch_beyond,
    transposed_lines,
)


@kernel(inline=True)
def tile_sums(tile, weights, window, scratch, begin):
    """Write the sums of a tile, two outputs at a time; of an odd one more, room is needed for another."""
    for output in range(0, tile.outputs, 2):
        pair = tile.inputs if output + 1 < tile.outputs else 0
        left = Target(weights, tile.weights + output * tile.inputs, pair)
        sums = pair_sums(left, window.rows, window.lines, window.line, window.step, AHEAD)
        store(scratch, begin + output * HALF_LANES, sums)


@kernel(inline=True)
def few_tiles(geometry, arrays, row, first, last, group, scratch):
    """Write the sums of one group of some tiles of a row."""
    packed = scratch.size - HALF_LANES * geometry.transposed_row
    for column in range(first, last):
        tile = place(geometry, row, column, group)
        begin = block_begin(geometry, column - first) + group * tile.outputs * HALF_LANES
        if geometry.overlapping:
            window = image_window(geometry, tile, arrays.transposed)
            if column == first:
                prefetch_beyond(geometry, window, 2 * geometry.together * geometry.step)
            tile_sums(tile, arrays.weights, window, scratch, begin)
        else:
            pack_window(geometry, tile, arrays.inputs, scratch, packed)
            window = own_window(geometry, tile, scratch, packed)
            tile_sums(tile, arrays.weights, window, scratch, begin)


@kernel(allocates=False, separately=True)
def few_row(geometry, arrays, code, slope, row, scratch):
    """Compute the values of one row of tiles."""
    columns = geometry.column_spans.shape[0]
    for first in range(0, columns, geometry.together):
        last = min(first + geometry.together, columns)
        for group in range(geometry.groups):
            few_tiles(geometry, arrays, row, first, last, group, scratch)
        for column in range(first, last):
            begin = block_begin(geometry, column - first)
            finish_block(geometry, arrays, row, column, code, slope, scratch, begin)


@kernel(allocates=False, separately=True)
def few_number(geometry, arrays, code, slope, row):
    """Compute the values of one row of tiles with the row's own scratch."""
    few_row(geometry, arrays, code, slope, row, arrays.scratch[row])


@kernel(parallel=True)
def half_vectors_parallel(geometry, arrays, code, slope):
    """Run the lines of the image in parallel, then the rows of tiles."""
    for line in prange(transposed_lines(geometry)):
        pack_line(geometry, arrays.inputs, arrays.transposed, intp(line))
    for row in prange(arrays.scratch.shape[0]):
        few_number(geometry, arrays, code, slope, intp(row))


@kernel(allocates=False)
def half_vectors_serial(geometry, arrays, code, slope):
    """Run the same on one thread, for layers that are not worth a parallel region."""
    for line in range(transposed_lines(geometry)):
        pack_line(geometry, arrays.inputs, arrays.transposed, line)
    for row in range(arrays.scratch.shape[0]):
        few_number(geometry, arrays, code, slope, row)
