"""What the kernels of the LSTM and the GRU share: how work is cut, and what is laid out for it.

Histories are independent until the gradients: one thread can run a slice of `SLICE` of them through all
steps. Where there are fewer slices than threads, or weights too large for a second-level cache to be read
once per slice, threads share the units of every step, and the input's share of all gates is made ahead, so
that a block of its weights is read once.

What a directed layer writes at its steps (gates, cells, hidden values, deltas, signals of states) lies slice
after slice: an array (rows, N) begins with the `SLICE` first histories of all its rows. With all slices side
by side in one row, as in the arrays that others read, threads would write to neighbouring cache lines: with
two threads the arithmetic between the products then took 1.5 times as long, and up to 5 times when lines
moved slowly between cores. This also makes what a step reads contiguous.

A gate always sums up its inputs first and then the hidden values before the step, and gradients the
slices one after the other: the number of threads never changes a bit.
"""

from typing import NamedTuple

from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, store, transpose_block
from nn.kernels.core.vector_arithmetic import select

VECTOR = 16
TILE = 8
SLICE = 2 * VECTOR
"""Histories of a slice: the width of the register tile."""


class Blocks(NamedTuple):
    """How work is cut: rows of gates and units of a block (whole tiles).

    `workers` share the blocks of gradients, each with `room` numbers of the scratch. `over_units` says
    whether threads share the units of every step, not the histories.
    """

    rows: int
    units: int
    workers: int
    room: int
    over_units: bool


@kernel(inline=True)
def step_and_slots(layer, number):
    """Return the step that is taken as number `number`, and its slots before and after."""
    if layer.backward:
        step = layer.steps - 1 - number
        return step, step + 1, step
    return number, number, number + 1


@kernel(inline=True)
def count_of(whole, part):
    """Return how many parts there are, the last one perhaps smaller."""
    return (whole + part - 1) // part


@kernel(inline=True)
def width_of(layer, begin):
    """Return how many histories the slice has that begins with number `begin`."""
    return min(SLICE, layer.histories - begin)


@kernel(inline=True, separately=True)
def gate_row(layer, begin, width, row):
    """Return where a row of gates (or deltas) of a slice begins: rows (T, 4, units)."""
    return begin * layer.steps * 4 * layer.units + row * width


@kernel(inline=True, separately=True)
def state_row(layer, begin, width, row):
    """Return where a row of hidden values (or cells) of a slice begins: rows (T + 1, units)."""
    return begin * (layer.steps + 1) * layer.units + row * width


@kernel(inline=True)
def forward_phases(layer, blocks):
    """Return the number of phases: weights packed and slices, or input's share and steps; then outputs."""
    return 2 + (layer.steps if blocks.over_units else 1)


@kernel(inline=True)
def backward_phases(layer, blocks):
    """Return the number of phases: transposing, all steps, input signals, gradients."""
    return 3 + (layer.steps + 1 if blocks.over_units else 1)


@kernel(allocates=False, separately=True)
def copy_rows(source, begin, row, target, to, width, rows, apart):
    """Copy `rows` rows of `width` numbers: `row` apart in the source, `apart` in the target."""
    whole = width // VECTOR * VECTOR
    for r in range(rows):
        for n in range(0, whole, VECTOR):
            store(target, to + r * apart + n, load(source, begin + r * row + n))
        for n in range(whole, width):
            target[to + r * apart + n] = source[begin + r * row + n]


@kernel(inline=True)
def gather(layer, step, begin, width, place):
    """Stack what a slice sees at a step: inputs, then the hidden values before it."""
    features, units, histories = layer.features, layer.units, layer.histories
    source = step * features * histories + begin
    copy_rows(layer.inputs, source, histories, layer.scratch, place, width, features, width)
    before = step + (1 if layer.backward else 0)
    source, place = state_row(layer, begin, width, before * units), place + features * width
    copy_rows(layer.hidden, source, width, layer.scratch, place, width, units, width)


@kernel(allocates=False, separately=True)
def write_outputs(layer, step):
    """Write the hidden values after a step, zero where it is not there, into rows of all histories."""
    units, histories = layer.units, layer.histories
    zero = broadcast(layer.hidden.dtype.type(0))
    after = step + (0 if layer.backward else 1)
    for unit in range(units):
        to = (step * layer.output_rows + layer.output_row + unit) * histories
        for begin in range(0, histories, SLICE):
            width = width_of(layer, begin)
            source = state_row(layer, begin, width, after * units + unit)
            for n in range(0, width, VECTOR):
                hidden = load(layer.hidden, source + n)
                if layer.present.size:
                    hidden = select(load(layer.present, step * histories + begin + n), hidden, zero)
                store(layer.outputs, to + begin + n, hidden)


@kernel(inline=True)
def pack_weights(layer, first, last):
    """Write the input and recurrent weights of gates `first` to `last` side by side, row by row."""
    features, units = layer.features, layer.units
    length, rows = features + units, last - first
    begin, to = first * features, first * length
    copy_rows(layer.input_weights, begin, features, layer.packed, to, features, rows, length)
    begin, to = first * units, first * length + features
    copy_rows(layer.recurrent_weights, begin, units, layer.packed, to, units, rows, length)


@kernel(allocates=False, separately=True)
def transpose_weights(source, target, to, rows, columns, first, last):
    """Write columns `first` to `last` of a matrix (rows, columns) as rows of one that begins at `to`."""
    for column in range(first, last, VECTOR):
        for row in range(0, rows, VECTOR):
            place = to + column * rows + row
            if column + VECTOR <= last and row + VECTOR <= rows:
                transpose_block(source, row * columns + column, columns, target, place, rows)
            else:
                for c in range(min(VECTOR, last - column)):
                    for r in range(min(VECTOR, rows - row)):
                        target[place + c * rows + r] = source[(row + r) * columns + column + c]
