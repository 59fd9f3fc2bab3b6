"""Kernels of the LSTM's rung o2: gradients of the parameters, as products over all steps and histories.

The scaled deltas of a gate are laid out one step after the other, so that k runs through T * N without a
gap; see `nn.kernels.lstm_backward` for the arrays.
"""

from numba import njit

from nn.kernels.lstm import VECTOR
from nn.kernels.product import multiply
from nn.simd import broadcast, horizontal_sum, load, multiply_add, store
from nn.tile import Columns, Rows, Target

PANEL = 32
"""Columns of a weight gradient that are worked off together: two vectors, the width of a tile."""

DEPTH = 256
"""Histories of a weight gradient that are worked off together: their panel stays in the first cache."""


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def pack_row(layer, signals, targets, row):
    """Lay the scaled deltas of a gate of a unit out over all steps, and add the gradient of its bias."""
    histories, length = layer.histories, layer.steps * layer.histories
    scale, zero = broadcast(targets.scale), broadcast(layer.gates.dtype.type(0))
    total = zero
    for step in range(layer.steps):
        source = (step * 4 * layer.units + row) * histories
        for n in range(0, histories, VECTOR):
            delta = load(signals.deltas, source + n) * scale
            store(signals.packed, row * length + step * histories + n, delta)
            total = total + delta
    targets.biases[row] += horizontal_sum(total)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def peephole_gradient(layer, signals, targets, row, later):
    """Add the gradient of a peephole: deltas times the cells before, or `later` after, every step."""
    units, histories = layer.units, layer.histories
    total = broadcast(layer.gates.dtype.type(0))
    shift = 1 if layer.backward != later else 0
    for step in range(layer.steps):
        cells = ((step + shift) * units + row % units) * histories
        deltas = (row * layer.steps + step) * histories
        for n in range(0, histories, VECTOR):
            total = multiply_add(load(signals.packed, deltas + n), load(layer.cells, cells + n), total)
    place = 2 * units + row % units if later else row
    targets.peepholes[place] += horizontal_sum(total)


@njit(nogil=True, error_model="numpy", inline="always")
def add_product(packed, values, target, first, last, columns):
    """target[r, c] += sum over k of packed[r, k] * values[k, c] for rows `first` to `last`."""
    length = packed.size // (target.size // columns)
    for column in range(0, columns, PANEL):
        count = min(PANEL, columns - column)
        for k in range(0, length, DEPTH):
            left = Rows(packed, first * length + k, length, 1)
            right = Columns(values, column * length + k * PANEL, PANEL, 0)
            place = Target(target, first * columns + column, columns)
            multiply(left, right, place, last - first, count, 1, min(DEPTH, length - k), True)


@njit(nogil=True, error_model="numpy", inline="always")
def gradient_block(layer, signals, targets, blocks, block):
    """Add the gradients of all parameters of a block of rows of the gates."""
    first = block * blocks.rows
    last = min(first + blocks.rows, 4 * layer.units)
    for row in range(first, last):
        pack_row(layer, signals, targets, row)
        if layer.peepholes.size and row < 2 * layer.units:
            peephole_gradient(layer, signals, targets, row, False)
        elif layer.peepholes.size and row >= 3 * layer.units:
            peephole_gradient(layer, signals, targets, row, True)
    add_product(signals.packed, signals.inputs_transposed, targets.input_weights, first, last, layer.features)
    add_product(
        signals.packed, signals.hidden_transposed, targets.recurrent_weights, first, last, layer.units
    )
