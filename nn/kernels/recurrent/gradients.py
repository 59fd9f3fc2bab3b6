"""Gradients of recurrent weights for the fast rungs: products over all steps and histories.

    gradient[r, c] = sum over t, n of deltas[t, r, n] * seen[t, c, n]

where `seen` are the inputs of a step and the hidden values before it, one below the other. They are laid
out with the columns innermost: in panels of `PANEL` columns, each (T * N, PANEL), as the register tile
wants its right operand, slice after slice (`nn.kernels.recurrent.layout`) and there step after step. The
deltas of a block of rows are packed in that order too, into the scratch of a worker, which stays in its
cache.
"""

from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.simd import (
    broadcast,
    horizontal_sum,
    load,
    multiply_add,
    prefetch,
    store,
    transpose_block,
)
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.recurrent.layout import SLICE, VECTOR, copy_rows, count_of, gate_row, state_row, width_of

PANEL = 32
"""Columns of a weight gradient that are worked off together: two vectors, the width of a tile."""

DEPTH = 256
"""Histories of a weight gradient that are worked off together: their panel stays in the first cache."""


@kernel(inline=True)
def transpose_seen(layer, panels, step):
    """Lay out what the gates see at a step: `VECTOR` rows side by side, then turned into columns."""
    features, units, histories = layer.features, layer.units, layer.histories
    before = step + (1 if layer.backward else 0)
    place = step * VECTOR * SLICE
    for begin in range(0, histories, SLICE):
        width = width_of(layer, begin)
        for first in range(0, features + units, VECTOR):
            last = min(first + VECTOR, features + units)
            inputs = max(min(last, features) - first, 0)
            source = (step * features + first) * histories + begin
            copy_rows(layer.inputs, source, histories, layer.scratch, place, width, inputs, width)
            source = state_row(layer, begin, width, before * units + first + inputs - features)
            to, rest = place + inputs * width, last - first - inputs
            copy_rows(layer.hidden, source, width, layer.scratch, to, width, rest, width)
            row = (first // PANEL * histories + begin) * layer.steps + step * width
            for n in range(0, width, VECTOR):
                to = (row + n) * PANEL + first % PANEL
                transpose_block(layer.scratch, place + n, width, panels, to, PANEL)


@kernel(inline=True)
def pack_deltas(layer, deltas, first, last, target, place, sums):
    """Lay rows of deltas out in working memory, (rows, T * N), and their sums in the scratch, a vector each.

    target: flat, float32 or bfloat16, where they begin at `place`; the sums begin at `sums`.
    """
    length, zero = layer.steps * layer.histories, broadcast(deltas.dtype.type(0))
    for row in range(last - first):
        store(layer.scratch, sums + row * VECTOR, zero)
    for begin in range(0, layer.histories, SLICE):
        width = width_of(layer, begin)
        for step in range(layer.steps):
            source = gate_row(layer, begin, width, step * 4 * layer.units + first)
            to = place + begin * layer.steps + step * width
            for row in range(last - first):
                total = load(layer.scratch, sums + row * VECTOR)
                for n in range(0, width, VECTOR):
                    delta = load(deltas, source + row * width + n)
                    store(target, to + row * length + n, delta)
                    total = total + delta
                store(layer.scratch, sums + row * VECTOR, total)


@kernel(inline=True)
def sums_after(layer, rows, place):
    """Return where the sums of rows of deltas lie that are packed at `place` of the scratch: behind them."""
    return place + rows * layer.steps * layer.histories


@kernel(inline=True)
def sum_of_row(layer, sums, row):
    """Return one of the sums that begin at `sums`."""
    return horizontal_sum(load(layer.scratch, sums + row * VECTOR))


@kernel(inline=True)
def fill_panel(layer, panels, rows, panel, place):
    """Multiply the packed deltas with a panel; return where the products, (rows, PANEL), are."""
    length = layer.steps * layer.histories
    products = place + rows * (length + VECTOR)
    for k in range(0, length, DEPTH):
        left = Rows(layer.scratch, place + k, length, 1)
        right = Columns(panels, (panel * length + k) * PANEL, PANEL, 0)
        target = Target(layer.scratch, products, PANEL)
        multiply(left, right, target, rows, PANEL, 1, min(DEPTH, length - k), k > 0)
    return products


@kernel(inline=True)
def prefetch_row(target, begin, count):
    """Prefetch the part of a row of gradients that will be updated."""
    for i in range(begin, begin + count, VECTOR):
        prefetch(target, i)


@kernel(allocates=False)
def add_scaled(source, begin, target, to, count, scale):
    """target[to : to + count] += scale * source[begin : begin + count]."""
    factor, whole = broadcast(scale), count // VECTOR * VECTOR
    for i in range(0, whole, VECTOR):
        store(target, to + i, multiply_add(factor, load(source, begin + i), load(target, to + i)))
    for i in range(whole, count):
        target[to + i] += scale * source[begin + i]


@kernel(inline=True)
def add_panels(layer, panels, targets, first, last, columns, shift, place, fill):
    """Add the gradients of weights for rows `first` to `last` of the deltas, packed at `place`.

    columns: first and last of what the rows see. The recurrent weights of a row are `shift` rows above. fill:
    what multiplies the deltas with a panel, as `fill_panel`.
    """
    features, units = layer.features, layer.units
    for panel in range(columns[0] // PANEL, count_of(columns[1], PANEL)):
        begin, end = max(columns[0], panel * PANEL), min(columns[1], (panel + 1) * PANEL)
        middle = min(max(features, begin), end)
        for row in range(first, last):
            prefetch_row(targets.input_weights, row * features + begin, middle - begin)
            recurrent = (row - shift) * units + middle - features
            prefetch_row(targets.recurrent_weights, recurrent, end - middle)
        products = fill(layer, panels, last - first, panel, place)
        for row in range(first, last):
            source = products + (row - first) * PANEL + begin - panel * PANEL
            target = row * features + begin
            add_scaled(layer.scratch, source, targets.input_weights, target, middle - begin, targets.scale)
            source, target = source + middle - begin, (row - shift) * units + middle - features
            add_scaled(layer.scratch, source, targets.recurrent_weights, target, end - middle, targets.scale)


@kernel(allocates=False, separately=True)
def add_gradients(layer, panels, targets, first, last, columns, shift, place):
    """Run `add_panels` on deltas in the scratch."""
    add_panels(layer, panels, targets, first, last, columns, shift, place, fill_panel)
