"""Sums of a tile's neurons for whole vectors of histories, with the weights of later tiles prefetched.

Weights lie in the order in which they are needed, yet a hardware prefetcher sees 8 rows of some hundred
bytes at a time, and gives up.
"""

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import WIDE, multiply
from nn.kernels.core.tile import Columns, Rows, Target, make_tile

AHEAD = 1 << 16
"""Weights between those read and those prefetched: a quarter of a core's L2, a microsecond or more."""

tile_8_wide = make_tile(8, 2, ahead=AHEAD)
tile_4_wide = make_tile(4, 2, ahead=AHEAD)
tile_8 = make_tile(8, 1, ahead=AHEAD)
tile_4 = make_tile(4, 1, ahead=AHEAD)


@kernel(allocates=False)
def wide_sums(a, b, c, rows, outer, inner):
    """Fill two vectors of histories for as many rows as make whole tiles; return how many these are."""
    whole = rows // 8 * 8
    for r in range(0, whole, 8):
        left = Rows(a.array, a.offset + r * a.row, a.row, a.step)
        tile_8_wide(left, b, Target(c.array, c.offset + r * c.row, c.row), outer, inner, False, WIDE)
    if whole + 4 > rows:
        return whole
    left = Rows(a.array, a.offset + whole * a.row, a.row, a.step)
    tile_4_wide(left, b, Target(c.array, c.offset + whole * c.row, c.row), outer, inner, False, WIDE)
    return whole + 4


@kernel(allocates=False)
def narrow_sums(a, b, c, rows, outer, inner):
    """Fill one vector of histories for as many rows as make whole tiles; return how many these are."""
    whole = rows // 8 * 8
    for r in range(0, whole, 8):
        left = Rows(a.array, a.offset + r * a.row, a.row, a.step)
        tile_8(left, b, Target(c.array, c.offset + r * c.row, c.row), outer, inner, False, LANES)
    if whole + 4 > rows:
        return whole
    left = Rows(a.array, a.offset + whole * a.row, a.row, a.step)
    tile_4(left, b, Target(c.array, c.offset + whole * c.row, c.row), outer, inner, False, LANES)
    return whole + 4


@kernel(allocates=False)
def window_sums(a, b, c, rows, histories, outer, inner):
    """Compute c[r, n] = sum over k < outer * inner of a[r, k] * b[k, n], for whole vectors of n."""
    n, done = 0, 0
    while n < histories:
        right = Columns(b.array, b.offset + n, b.step, b.outer_step)
        target = Target(c.array, c.offset + n, c.row)
        width = min(WIDE, histories - n)
        if width == WIDE:
            done = wide_sums(a, right, target, rows, outer, inner)
        else:
            done = narrow_sums(a, right, target, rows, outer, inner)
        left = Rows(a.array, a.offset + done * a.row, a.row, a.step)
        rest = Target(c.array, target.offset + done * c.row, c.row)
        multiply(left, right, rest, rows - done, width, outer, inner, False)
        n += width
