"""Kernels of the LSTM's second-order terms; `networks.second_order.lstm` has the derivation, line by line.

Arrays are flat, with all N histories of a row side by side: inputs (T, inputs, N), gates and deltas
(T, 4, units, N), hidden and cells (T + 1, units, N); N is a whole number of vectors. A name that begins with
`moved` holds changes in the direction of the inputs' tangents. A task takes a slice of the histories through
all steps, so threads wait for nobody; the gradients of blocks of rows follow.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply, transpose
from nn.kernels.core.simd import broadcast, load, multiply_add, store
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vector_activations import tanh
from nn.kernels.recurrent.layout import SLICE, VECTOR, step_and_slots

BLOCK = 32
"""Rows of a block of the gradients."""


class Layer(NamedTuple):
    """One layer in one direction, without peepholes: weights, and what its passes left."""

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    inputs: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    gates: np.ndarray
    deltas: np.ndarray
    steps: int
    features: int
    units: int
    histories: int
    backward: bool


class Moved(NamedTuple):
    """The changes of inputs, gates, states and deltas, called as in `Layer`."""

    inputs: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    gates: np.ndarray
    deltas: np.ndarray


class Signals(NamedTuple):
    """What the backward pass reads and writes beside these.

    above, moved_above: signals of the outputs (T, units, N); states: of hidden and cells, and their changes,
    (4, units, N); sent, moved_sent: of the inputs (T, inputs, N), empty where nobody reads them;
    recurrent_columns, input_columns: the weights transposed, (units, 4 * units) and (inputs, 4 * units).
    """

    above: np.ndarray
    moved_above: np.ndarray
    states: np.ndarray
    sent: np.ndarray
    moved_sent: np.ndarray
    recurrent_columns: np.ndarray
    input_columns: np.ndarray


@kernel(allocates=False, separately=True)
def product(left, right, target, rows, columns, inner, accumulate):
    """Compute target (+)= left * right, sums over `inner` numbers; see `nn.kernels.core.product.multiply`."""
    multiply(left, right, target, rows, columns, 1, inner, accumulate)


@kernel(allocates=False, separately=True)
def move_units(layer, moved, number, begin, width):
    """Turn the changes of the sums of a step into those of the gates, cells and hidden values."""
    step, before, after = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    distance, one = units * histories, broadcast(layer.gates.dtype.type(1))
    for unit in range(units):
        row = unit * histories + begin
        for n in range(row, row + width, VECTOR):
            place, old, new = step * 4 * distance + n, before * distance + n, after * distance + n
            i, f = load(layer.gates, place), load(layer.gates, place + distance)
            g, o = load(layer.gates, place + 2 * distance), load(layer.gates, place + 3 * distance)
            moved_i = load(moved.gates, place) * i * (one - i)
            moved_f = load(moved.gates, place + distance) * f * (one - f)
            moved_g = load(moved.gates, place + 2 * distance) * (one - g * g)
            moved_o = load(moved.gates, place + 3 * distance) * o * (one - o)
            cell = multiply_add(moved_f, load(layer.cells, old), f * load(moved.cells, old))
            cell = multiply_add(moved_i, g, multiply_add(i, moved_g, cell))
            squashed = tanh(load(layer.cells, new))
            slope = one - squashed * squashed
            store(moved.gates, place, moved_i)
            store(moved.gates, place + distance, moved_f)
            store(moved.gates, place + 2 * distance, moved_g)
            store(moved.gates, place + 3 * distance, moved_o)
            store(moved.cells, new, cell)
            store(moved.hidden, new, multiply_add(moved_o, squashed, o * slope * cell))


@kernel(allocates=False, separately=True)
def forward_slice(layer, moved, begin, width):
    """Run all steps for a slice of the histories."""
    rows, histories = 4 * layer.units, layer.histories
    for number in range(layer.steps):
        step, before, _ = step_and_slots(layer, number)
        target = Target(moved.gates, step * rows * histories + begin, histories)
        left = Rows(layer.input_weights, 0, layer.features, 1)
        right = Columns(moved.inputs, step * layer.features * histories + begin, histories, 0)
        product(left, right, target, rows, width, layer.features, False)
        if number:
            left = Rows(layer.recurrent_weights, 0, layer.units, 1)
            right = Columns(moved.hidden, before * layer.units * histories + begin, histories, 0)
            product(left, right, target, rows, width, layer.units, True)
        move_units(layer, moved, number, begin, width)


@kernel(parallel=True)
def forward_parallel(layer, moved):
    """Run `forward_slice` over all slices in parallel."""
    for task in prange((layer.histories + SLICE - 1) // SLICE):
        begin = intp(task) * SLICE
        forward_slice(layer, moved, begin, min(SLICE, layer.histories - begin))


@kernel(allocates=False, separately=True)
def deltas_of_units(layer, moved, signals, number, begin, width):
    """Compute the changes of a step's deltas, and what the cells pass on."""
    step, before, after = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    distance = units * histories
    one, two = broadcast(layer.gates.dtype.type(1)), broadcast(layer.gates.dtype.type(2))
    for unit in range(units):
        row = unit * histories + begin
        for n in range(row, row + width, VECTOR):
            place, old, new = step * 4 * distance + n, before * distance + n, after * distance + n
            i, f = load(layer.gates, place), load(layer.gates, place + distance)
            g, o = load(layer.gates, place + 2 * distance), load(layer.gates, place + 3 * distance)
            moved_i, moved_f = load(moved.gates, place), load(moved.gates, place + distance)
            moved_g = load(moved.gates, place + 2 * distance)
            moved_o = load(moved.gates, place + 3 * distance)
            dh = load(signals.above, step * distance + n) + load(signals.states, n)
            moved_dh = load(signals.moved_above, step * distance + n) + load(signals.states, 2 * distance + n)
            s = tanh(load(layer.cells, new))
            slope = one - s * s
            moved_s = slope * load(moved.cells, new)
            moved_q = multiply_add(moved_dh, s, dh * moved_s)
            delta_o = multiply_add(moved_q * o, one - o, dh * s * (one - two * o) * moved_o)
            dc = multiply_add(dh * o, slope, load(signals.states, distance + n))
            moved_dc = multiply_add(moved_dh, o, dh * moved_o) * slope - two * dh * o * s * moved_s
            moved_dc = moved_dc + load(signals.states, 3 * distance + n)
            cell, moved_cell = load(layer.cells, old), load(moved.cells, old)
            delta_i = multiply_add(moved_dc, g, dc * moved_g) * i * (one - i)
            delta_i = multiply_add(dc * g, (one - two * i) * moved_i, delta_i)
            delta_f = multiply_add(moved_dc, cell, dc * moved_cell) * f * (one - f)
            delta_f = multiply_add(dc * cell, (one - two * f) * moved_f, delta_f)
            delta_g = multiply_add(moved_dc, i, dc * moved_i) * (one - g * g) - two * dc * i * g * moved_g
            store(moved.deltas, place, delta_i)
            store(moved.deltas, place + distance, delta_f)
            store(moved.deltas, place + 2 * distance, delta_g)
            store(moved.deltas, place + 3 * distance, delta_o)
            store(signals.states, distance + n, dc * f)
            store(signals.states, 3 * distance + n, multiply_add(moved_dc, f, dc * moved_f))


@kernel(allocates=False, separately=True)
def send_back(columns, deltas, target, place, layer, count):
    """Write `count` rows of transposed weights times the deltas that lie at (offset, width)."""
    offset, width = place
    rows, histories = 4 * layer.units, layer.histories
    right = Columns(deltas, offset, histories, 0)
    product(Rows(columns, 0, rows, 1), right, target, count, width, rows, False)


@kernel(allocates=False, separately=True)
def backward_slice(layer, moved, signals, begin, width):
    """Run all steps back for a slice of the histories."""
    units, histories, features = layer.units, layer.histories, layer.features
    for back in range(layer.steps):
        number = layer.steps - 1 - back
        step, _, _ = step_and_slots(layer, number)
        deltas_of_units(layer, moved, signals, number, begin, width)
        place, to = (step * 4 * units * histories + begin, width), step * features * histories + begin
        hidden = Target(signals.states, begin, histories)
        send_back(signals.recurrent_columns, layer.deltas, hidden, place, layer, units)
        hidden = Target(signals.states, 2 * units * histories + begin, histories)
        send_back(signals.recurrent_columns, moved.deltas, hidden, place, layer, units)
        if signals.moved_sent.size:
            sent = Target(signals.moved_sent, to, histories)
            send_back(signals.input_columns, moved.deltas, sent, place, layer, features)
        if signals.sent.size:
            sent = Target(signals.sent, to, histories)
            send_back(signals.input_columns, layer.deltas, sent, place, layer, features)


@kernel(parallel=True)
def backward_parallel(layer, moved, signals):
    """Run `backward_slice` over all slices in parallel."""
    for task in prange((layer.histories + SLICE - 1) // SLICE):
        begin = intp(task) * SLICE
        backward_slice(layer, moved, signals, begin, min(SLICE, layer.histories - begin))


@kernel(allocates=False, separately=True)
def turn(layer, inputs, hidden, panels, step):
    """Write what the gates see at a step, inputs and hidden values before it, as rows of histories."""
    features, units, histories = layer.features, layer.units, layer.histories
    width = panels.size // (layer.steps * histories)
    to, before = step * histories * width, step + (1 if layer.backward else 0)
    source = Rows(inputs, step * features * histories, histories, 1)
    transpose(source, Target(panels, to, width), features, histories)
    source = Rows(hidden, before * units * histories, histories, 1)
    transpose(source, Target(panels, to + features, width), units, histories)


@kernel(allocates=False, separately=True)
def gradient_block(layer, moved, panels, moved_panels, gradients, first):
    """Fill a block of rows of the gradients: changed deltas times inputs, and deltas times changed inputs."""
    rows, histories = 4 * layer.units, layer.histories
    count, width = min(BLOCK, rows - first), gradients.size // rows
    target = Target(gradients, first * width, width)
    for step in range(layer.steps):
        at, to = (step * rows + first) * histories, step * histories * width
        left, right = Rows(moved.deltas, at, histories, 1), Columns(panels, to, width, 0)
        product(left, right, target, count, width, histories, step > 0)
        left, right = Rows(layer.deltas, at, histories, 1), Columns(moved_panels, to, width, 0)
        product(left, right, target, count, width, histories, True)


@kernel(parallel=True)
def gradients_parallel(layer, moved, panels, moved_panels, gradients):
    """Fill the gradients of input and recurrent weights side by side, (4 * units, inputs + units, padded)."""
    for step in prange(layer.steps):
        turn(layer, layer.inputs, layer.hidden, panels, intp(step))
        turn(layer, moved.inputs, moved.hidden, moved_panels, intp(step))
    for block in prange((4 * layer.units + BLOCK - 1) // BLOCK):
        gradient_block(layer, moved, panels, moved_panels, gradients, intp(block) * BLOCK)
