"""The product that all fast rungs share: c[rows, columns] (+)= a[rows, k] * b[k, columns], one thread.

Forward sums, input signals and weight gradients are this one loop with other strides. Within one
output number k is always summed in order, so blocking and threads never change a bit.

Nothing here allocates, so Numba need not count references to the arrays (`_nrt=False`): counting them,
with atomic additions at every call, took 100 nanoseconds, as long as a tile of 8 x 32 x 50.
"""

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import load_scalar, store_scalar, transpose_block
from nn.kernels.core.tile import Columns, Rows, Target, make_tile

WIDE = 2 * LANES

tile_8_wide = make_tile(8, 2)
tile_7_wide = make_tile(7, 2)
tile_6_wide = make_tile(6, 2)
tile_5_wide = make_tile(5, 2)
tile_4_wide = make_tile(4, 2)
tile_3_wide = make_tile(3, 2)
tile_2_wide = make_tile(2, 2)
tile_1_wide = make_tile(1, 2)
tile_8 = make_tile(8, 1, masked=True)
tile_4 = make_tile(4, 1, masked=True)
tile_1 = make_tile(1, 1, masked=True)


@kernel(allocates=False)
def last_rows(a, b, c, rows, outer, inner, accumulate):
    """Fill two vectors of columns for fewer than 8 rows: one tile of exactly that height."""
    if rows == 7:
        tile_7_wide(a, b, c, outer, inner, accumulate, WIDE)
    elif rows == 6:
        tile_6_wide(a, b, c, outer, inner, accumulate, WIDE)
    elif rows == 5:
        tile_5_wide(a, b, c, outer, inner, accumulate, WIDE)
    elif rows == 4:
        tile_4_wide(a, b, c, outer, inner, accumulate, WIDE)
    elif rows == 3:
        tile_3_wide(a, b, c, outer, inner, accumulate, WIDE)
    elif rows == 2:
        tile_2_wide(a, b, c, outer, inner, accumulate, WIDE)
    elif rows == 1:
        tile_1_wide(a, b, c, outer, inner, accumulate, WIDE)


@kernel(allocates=False)
def wide_columns(a, b, c, rows, outer, inner, accumulate):
    """Fill two vectors of columns for all rows."""
    whole = rows // 8 * 8
    for r in range(0, whole, 8):
        left = Rows(a.array, a.offset + r * a.row, a.row, a.step)
        tile_8_wide(left, b, Target(c.array, c.offset + r * c.row, c.row), outer, inner, accumulate, WIDE)
    left = Rows(a.array, a.offset + whole * a.row, a.row, a.step)
    target = Target(c.array, c.offset + whole * c.row, c.row)
    last_rows(left, b, target, rows - whole, outer, inner, accumulate)


@kernel(allocates=False)
def narrow_columns(a, b, c, rows, outer, inner, accumulate, width):
    """Fill the first `width` columns of one vector for all rows."""
    r = 0
    while r + 8 <= rows:
        left = Rows(a.array, a.offset + r * a.row, a.row, a.step)
        tile_8(left, b, Target(c.array, c.offset + r * c.row, c.row), outer, inner, accumulate, width)
        r += 8
    if r + 4 <= rows:
        left = Rows(a.array, a.offset + r * a.row, a.row, a.step)
        tile_4(left, b, Target(c.array, c.offset + r * c.row, c.row), outer, inner, accumulate, width)
        r += 4
    while r < rows:
        left = Rows(a.array, a.offset + r * a.row, a.row, a.step)
        tile_1(left, b, Target(c.array, c.offset + r * c.row, c.row), outer, inner, accumulate, width)
        r += 1


@kernel(allocates=False)
def multiply(a, b, c, rows, columns, outer, inner, accumulate):
    """Compute c[r, n] (+)= sum over k < outer * inner of a[r, k] * b[k, n].

    a: `Rows`, b: `Columns` (readable up to whole vectors of columns), c: `Target`.
    """
    n = 0
    while n + WIDE <= columns:
        right = Columns(b.array, b.offset + n, b.step, b.outer_step)
        wide_columns(a, right, Target(c.array, c.offset + n, c.row), rows, outer, inner, accumulate)
        n += WIDE
    while n < columns:
        right = Columns(b.array, b.offset + n, b.step, b.outer_step)
        target = Target(c.array, c.offset + n, c.row)
        narrow_columns(a, right, target, rows, outer, inner, accumulate, min(columns - n, LANES))
        n += LANES


@kernel(allocates=False, separately=True)
def transpose(source, target, rows, columns):
    """Write the rows of `source` (`Rows` with step 1) as the columns of `target` (`Target`).

    `columns` is a multiple of LANES.
    """
    whole = rows // LANES * LANES
    for column in range(0, columns, LANES):
        to = target.offset + column * target.row
        for row in range(0, whole, LANES):
            begin = source.offset + row * source.row + column
            transpose_block(source.array, begin, source.row, target.array, to + row, target.row)
        for row in range(whole, rows):
            begin = source.offset + row * source.row + column
            for lane in range(LANES):
                store_scalar(
                    target.array, to + lane * target.row + row, load_scalar(source.array, begin + lane)
                )
