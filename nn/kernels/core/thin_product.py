"""The product of `nn.kernels.core.product` for matrices that may have as few as one row.

A tile of fewer than four rows by two vectors keeps too few sums in flight: each multiply-add waits for the
one before (4 cycles, where two could start in every one). Four vectors wide it has twice as many.

Inlined where it is called, as are functions that call it: compiled on its own, each would hold the whole
product once more, and take a second to compile. What a `prange` calls is not inlined: in the body of a
parallel function Numba drops assignments to arrays that are reached through a named tuple.
"""

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.tile import Columns, Target, make_tile

QUAD = 4 * LANES

tile_3_quad = make_tile(3, 4)
tile_2_quad = make_tile(2, 4)
tile_1_quad = make_tile(1, 4)


@kernel(inline=True)
def multiply_thin(a, b, c, rows, columns, outer, inner, accumulate):
    """Compute `nn.kernels.core.product.multiply`, to the same bits; faster for 1, 2 or 3 rows."""
    n = 0
    while rows < 4 and n + QUAD <= columns:
        right = Columns(b.array, b.offset + n, b.step, b.outer_step)
        target = Target(c.array, c.offset + n, c.row)
        if rows == 3:
            tile_3_quad(a, right, target, outer, inner, accumulate, QUAD)
        elif rows == 2:
            tile_2_quad(a, right, target, outer, inner, accumulate, QUAD)
        else:
            tile_1_quad(a, right, target, outer, inner, accumulate, QUAD)
        n += QUAD
    right = Columns(b.array, b.offset + n, b.step, b.outer_step)
    multiply(a, right, Target(c.array, c.offset + n, c.row), rows, columns - n, outer, inner, accumulate)
