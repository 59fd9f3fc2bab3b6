"""Products of layers that run step by step.

    sums[t] (+)= weights values[t]                    product, for one step or for many
    gradient += sum over t of deltas[t] values[t]^T   gradient, one product over all steps and histories

Arrays are flat: values (T, columns, N), sums and deltas (T, rows, N), weights and gradient (rows, columns); N
is a whole number of vectors. Signals of the values are a product as well, with the weights transposed.

A block of rows of the weights is worked off in pieces of `DEPTH` columns, so that what it is multiplied with
stays in a core's second cache: 250 GFLOP/s on one core, where the whole length at once reached 170, at 8192 x
4096 weights and 64 histories. Blocks run in parallel, and a sum is always made by one thread, in one order.
"""

from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.simd import load, store, transpose_block
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vectors import add_number
from nn.kernels.recurrent.layout import transpose_weights

ROWS = 32
"""Rows of weights that are worked off together."""

DEPTH = 512
"""Columns of weights that are worked off together."""

PANEL = 2 * LANES
"""Columns of a gradient that are worked off together: the width of the register tile."""

GRADIENT_ROWS = 64
"""Rows of a gradient that are worked off together: each reads all values once."""

GRADIENT_DEPTH = 256
"""Histories of a gradient that are worked off together: their panel stays in the first cache."""


@kernel(allocates=False, separately=True)
def product_block(weights, biases, values, sums, columns, histories, accumulate, block):
    """Fill a block of rows of the sums of all steps; biases of size 0 are none."""
    rows = weights.size // columns
    first = block * ROWS
    count = min(ROWS, rows - first)
    for step in range(sums.size // (rows * histories)):
        begin = (step * rows + first) * histories
        for k in range(0, columns, DEPTH):
            left = Rows(weights, first * columns + k, columns, 1)
            right = Columns(values, (step * columns + k) * histories, histories, 0)
            length = min(DEPTH, columns - k)
            target = Target(sums, begin, histories)
            multiply(left, right, target, count, histories, 1, length, accumulate or k > 0)
        if biases.size:
            for row in range(count):
                add_number(sums, begin + row * histories, histories, biases[first + row])


@kernel(parallel=True)
def product(weights, biases, values, sums, columns, histories, accumulate):
    """Fill the sums of as many steps as there are; add to them where `accumulate` is true."""
    rows = weights.size // columns
    for block in prange((rows + ROWS - 1) // ROWS):
        product_block(weights, biases, values, sums, columns, histories, accumulate, intp(block))


@kernel(parallel=True)
def transpose_parallel(weights, turned, columns):
    """Write the columns of the weights as rows, for `product` with what the rows are multiplied with."""
    rows = weights.size // columns
    for panel in prange((columns + PANEL - 1) // PANEL):
        first = intp(panel) * PANEL
        transpose_weights(weights, turned, 0, rows, columns, first, min(first + PANEL, columns))


@kernel(allocates=False, separately=True)
def turn_panel(values, turned, columns, histories, panel):
    """Lay `PANEL` columns of the values of all steps side by side: (T * N, PANEL)."""
    steps = values.size // (columns * histories)
    last = min((panel + 1) * PANEL, columns)
    for step in range(steps):
        to = (panel * steps + step) * histories * PANEL
        for first in range(panel * PANEL, last, LANES):
            source = (step * columns + first) * histories
            for n in range(0, histories, LANES):
                place = to + n * PANEL + first % PANEL
                if first + LANES <= last:
                    transpose_block(values, source + n, histories, turned, place, PANEL)
                else:
                    for row in range(last - first):
                        for lane in range(LANES):
                            turned[place + lane * PANEL + row] = values[source + row * histories + n + lane]


@kernel(parallel=True)
def turn(values, turned, columns, histories):
    """Lay the values of all steps out in panels of columns, (panels, T * N, PANEL), for `gradient`."""
    for panel in prange((columns + PANEL - 1) // PANEL):
        turn_panel(values, turned, columns, histories, intp(panel))


@kernel(allocates=False, separately=True)
def pack_rows(deltas, packed, rows, histories, block):
    """Lay a block of rows of the deltas of all steps out one after another: (rows, T * N)."""
    steps = deltas.size // (rows * histories)
    for row in range(block * GRADIENT_ROWS, min((block + 1) * GRADIENT_ROWS, rows)):
        for step in range(steps):
            source, to = (step * rows + row) * histories, (row * steps + step) * histories
            for n in range(0, histories, LANES):
                store(packed, to + n, load(deltas, source + n))


@kernel(parallel=True)
def pack(deltas, packed, rows, histories):
    """Lay the deltas of all steps out as (rows, T * N), for `gradient`."""
    for block in prange((rows + GRADIENT_ROWS - 1) // GRADIENT_ROWS):
        pack_rows(deltas, packed, rows, histories, intp(block))


@kernel(allocates=False, separately=True)
def gradient_block(packed, turned, target, columns, length, block):
    """Add to a block of rows of the gradient."""
    rows = packed.size // length
    first = block * GRADIENT_ROWS
    count = min(GRADIENT_ROWS, rows - first)
    for panel in range((columns + PANEL - 1) // PANEL):
        width = min(PANEL, columns - panel * PANEL)
        for k in range(0, length, GRADIENT_DEPTH):
            left = Rows(packed, first * length + k, length, 1)
            right = Columns(turned, (panel * length + k) * PANEL, PANEL, 0)
            result = Target(target, first * columns + panel * PANEL, columns)
            multiply(left, right, result, count, width, 1, min(GRADIENT_DEPTH, length - k), True)


@kernel(parallel=True)
def gradient(packed, turned, target, columns, length):
    """Add the gradient (rows, columns) of packed deltas (rows, length) and turned values."""
    rows = packed.size // length
    for block in prange((rows + GRADIENT_ROWS - 1) // GRADIENT_ROWS):
        gradient_block(packed, turned, target, columns, length, intp(block))
