"""Kernels of the LSTM's rung o2, backward; see `nn.kernels.lstm` for layouts and how work is cut.

Steps are taken from the last to the first. The signals that a step receives from the one after it are a
product with the transposed recurrent weights, made block by block where they are needed. Once all
deltas are there, input signals and weight gradients are products over all steps: k runs over T * N.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.kernels.lstm import TILE, VECTOR, count_of, step_and_slots
from nn.kernels.lstm_gradients import PANEL, gradient_block
from nn.kernels.product import multiply, transpose
from nn.kernels.vector_activations import tanh
from nn.simd import broadcast, load, load_scalar, multiply_add, store, transpose_block
from nn.tile import Columns, Rows, Target
from nn.vector_arithmetic import choose


class Signals(NamedTuple):
    """What a backward pass reads and writes beside the layer, flat.

    outputs: signals of the outputs (T, units, N); hidden, cells: of the states (units, N), changed in
    place; deltas (T, 4, units, N); inputs: signals added to (T, inputs, N); input_columns,
    recurrent_columns: the weights transposed, (inputs, 4 * units) and (units, 4 * units);
    inputs_transposed, hidden_transposed: inputs and hidden values before every step, a panel of
    `PANEL` of them after the other, each (T * N, PANEL); packed: scaled deltas (4 * units, T * N).
    """

    outputs: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    deltas: np.ndarray
    inputs: np.ndarray
    input_columns: np.ndarray
    recurrent_columns: np.ndarray
    inputs_transposed: np.ndarray
    hidden_transposed: np.ndarray
    packed: np.ndarray


class Targets(NamedTuple):
    """Where gradients times `scale` are added: gradients, or the parameters themselves."""

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    biases: np.ndarray
    peepholes: np.ndarray
    scale: np.floating


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def transpose_weights(source, target, rows, columns, first, last):
    """Write columns `first` to `last` of a matrix (rows, columns) as rows of another."""
    for column in range(first, last, VECTOR):
        for row in range(0, rows, VECTOR):
            if column + VECTOR <= last and row + VECTOR <= rows:
                transpose_block(source, row * columns + column, columns, target, column * rows + row, rows)
            else:
                for c in range(column, min(column + VECTOR, last)):
                    for r in range(row, min(row + VECTOR, rows)):
                        target[c * rows + r] = source[r * columns + c]


@njit(nogil=True, error_model="numpy", inline="always")
def transpose_panels(layer, values, slot, rows, target, step):
    """Lay the values in a slot, (rows, N), out as histories x rows of a step, panel after panel."""
    histories = layer.histories
    for row in range(0, rows, PANEL):
        source = Rows(values, (slot * rows + row) * histories, histories, 1)
        place = (row * layer.steps + step * PANEL) * histories
        transpose(source, Target(target, place, PANEL), min(PANEL, rows - row), histories)


@njit(nogil=True, error_model="numpy", inline="always")
def transpose_step(layer, signals, step):
    """Lay out what the gates saw at a step: the inputs, and the hidden values before it."""
    before = step + (1 if layer.backward else 0)
    transpose_panels(layer, layer.inputs, step, layer.features, signals.inputs_transposed, step)
    transpose_panels(layer, layer.hidden, before, layer.units, signals.hidden_transposed, step)


@njit(nogil=True, error_model="numpy", inline="always")
def prepare(layer, signals, propagates, task):
    """Transpose: task number `task` is a step, or after the steps a block of columns of the weights."""
    if task < layer.steps:
        transpose_step(layer, signals, task)
        return
    rows, first = 4 * layer.units, (task - layer.steps) * PANEL
    last = min(first + PANEL, layer.units)
    transpose_weights(layer.recurrent_weights, signals.recurrent_columns, rows, layer.units, first, last)
    if propagates:
        last = min(first + PANEL, layer.features)
        transpose_weights(layer.input_weights, signals.input_columns, rows, layer.features, first, last)


@njit(nogil=True, error_model="numpy", inline="always")
def receive(layer, signals, number, first, last, begin, end):
    """Add what units `first` to `last` get back from the deltas of the step taken as number `number`."""
    step, _, _ = step_and_slots(layer, number)
    rows, histories = 4 * layer.units, layer.histories
    left = Rows(signals.recurrent_columns, first * rows, rows, 1)
    right = Columns(signals.deltas, step * rows * histories + begin, histories, 0)
    target = Target(signals.hidden, first * histories + begin, histories)
    multiply(left, right, target, last - first, end - begin, 1, rows, True)


@njit(nogil=True, error_model="numpy", inline="always")
def backward_step(layer, signals, number, first, last, begin, end):
    """Take the step that forward took as number `number`; -1 only passes signals on to the initial states."""
    for unit in range(first, last, TILE):
        final = min(unit + TILE, last)
        if number + 1 < layer.steps:
            receive(layer, signals, number + 1, unit, final, begin, end)
        if number >= 0:
            for row in range(unit, final):
                deltas_of_unit(layer, signals, number, row, begin, end)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def deltas_of_unit(layer, signals, number, unit, begin, end):
    """Compute the deltas of a unit's gates, and leave in the state signals what they do not pass on."""
    step, before, after = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    gates, distance = step * 4 * units * histories + unit * histories, units * histories
    row, zero, one = (
        unit * histories,
        broadcast(layer.gates.dtype.type(0)),
        broadcast(layer.gates.dtype.type(1)),
    )
    for n in range(begin, end, VECTOR):
        place = gates + n
        i, f = load(layer.gates, place), load(layer.gates, place + distance)
        g, o = load(layer.gates, place + 2 * distance), load(layer.gates, place + 3 * distance)
        old_cell = load(layer.cells, before * distance + row + n)
        squashed = tanh(load(layer.cells, after * distance + row + n))
        old_signal, old_cell_signal = load(signals.hidden, row + n), load(signals.cells, row + n)
        signal = load(signals.outputs, step * distance + row + n) + old_signal
        delta_o = signal * squashed * o * (one - o)
        cell_signal = multiply_add(signal * o, one - squashed * squashed, old_cell_signal)
        if layer.peepholes.size:
            peephole = broadcast(load_scalar(layer.peepholes, 2 * units + unit))
            cell_signal = multiply_add(peephole, delta_o, cell_signal)
        delta_i = cell_signal * g * i * (one - i)
        delta_f = cell_signal * old_cell * f * (one - f)
        delta_g = cell_signal * i * (one - g * g)
        passed = cell_signal * f
        if layer.peepholes.size:
            passed = multiply_add(broadcast(load_scalar(layer.peepholes, unit)), delta_i, passed)
            passed = multiply_add(broadcast(load_scalar(layer.peepholes, units + unit)), delta_f, passed)
        kept = zero
        if layer.present.size:
            present = load(layer.present, step * histories + n)
            delta_i, delta_f = choose(present, delta_i, zero), choose(present, delta_f, zero)
            delta_g, delta_o = choose(present, delta_g, zero), choose(present, delta_o, zero)
            passed, kept = choose(present, passed, old_cell_signal), choose(present, zero, old_signal)
        store(signals.deltas, place, delta_i)
        store(signals.deltas, place + distance, delta_f)
        store(signals.deltas, place + 2 * distance, delta_g)
        store(signals.deltas, place + 3 * distance, delta_o)
        store(signals.cells, row + n, passed)
        store(signals.hidden, row + n, kept)


@njit(nogil=True, error_model="numpy", inline="always")
def backward_slice(layer, signals, blocks, number):
    """Take all steps back for slice number `number` of the histories."""
    begin = number * blocks.histories
    end = min(begin + blocks.histories, layer.histories)
    for back in range(layer.steps + 1):
        backward_step(layer, signals, layer.steps - 1 - back, 0, layer.units, begin, end)


@njit(nogil=True, error_model="numpy", inline="always")
def input_signal_block(layer, signals, task):
    """Add the signals of a panel of inputs at one step: task number block * steps + step."""
    first, step = task // layer.steps * PANEL, task % layer.steps
    last = min(first + PANEL, layer.features)
    rows, histories = 4 * layer.units, layer.histories
    left = Rows(signals.input_columns, first * rows, rows, 1)
    right = Columns(signals.deltas, step * rows * histories, histories, 0)
    target = Target(signals.inputs, (step * layer.features + first) * histories, histories)
    multiply(left, right, target, last - first, histories, 1, rows, True)


@njit(nogil=True, error_model="numpy", inline="always")
def backward_phases(layer, blocks):
    """Return the number of phases: transposing, all steps, input signals, gradients."""
    return 3 + (layer.steps + 1 if blocks.over_units else 1)


@njit(nogil=True, error_model="numpy", inline="always")
def backward_tasks(layer, blocks, propagates, phase):
    """Return the number of tasks of a phase, which may be done in any order."""
    left = backward_phases(layer, blocks) - phase
    if phase == 0:
        return layer.steps + count_of(max(layer.units, layer.features), PANEL)
    if left == 2:
        return count_of(layer.features, PANEL) * layer.steps if propagates else 0
    if left == 1:
        return count_of(4 * layer.units, blocks.rows)
    if blocks.over_units:
        return count_of(layer.units, blocks.units)
    return count_of(layer.histories, blocks.histories)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def backward_task(layer, signals, targets, blocks, propagates, phase, task):
    """Do one task of a phase. The weights may change in the last one: before, their copies are read."""
    left = backward_phases(layer, blocks) - phase
    if phase == 0:
        prepare(layer, signals, propagates, task)
    elif left == 2:
        input_signal_block(layer, signals, task)
    elif left == 1:
        gradient_block(layer, signals, targets, blocks, task)
    elif blocks.over_units:
        first = task * blocks.units
        last = min(first + blocks.units, layer.units)
        backward_step(layer, signals, layer.steps - phase, first, last, 0, layer.histories)
    else:
        backward_slice(layer, signals, blocks, task)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def backward_serial(layer, signals, targets, blocks, propagates):
    """Run backward on one thread."""
    for phase in range(backward_phases(layer, blocks)):
        for task in range(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, task)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def backward_parallel(layer, signals, targets, blocks, propagates):
    """Run backward with the tasks of a phase in parallel."""
    for phase in range(backward_phases(layer, blocks)):
        for task in prange(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, task)
