"""Kernels of the GRU's rung o2, backward; see `nn.kernels.gru` for layouts and how work is cut.

Steps are taken from the last to the first. Rows of deltas are in the order of the gates; input weights
belong to the first three of them, recurrent weights to the first two and the last.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.kernels.lstm import TILE, VECTOR, count_of, step_and_slots
from nn.kernels.lstm_backward import backward_phases, transpose_step, transpose_weights
from nn.kernels.lstm_gradients import PANEL, add_product
from nn.kernels.product import multiply
from nn.simd import broadcast, horizontal_sum, load, store
from nn.tile import Columns, Rows, Target
from nn.vector_arithmetic import choose


class Signals(NamedTuple):
    """What a backward pass reads and writes beside the layer, flat.

    outputs: signals of the outputs (T, units, N); hidden: of the states (units, N), changed in place;
    deltas (T, 4, units, N); inputs: signals added to (T, inputs, N); input_columns, recurrent_columns:
    the weights transposed, (inputs, 3 * units) and (units, 3 * units); inputs_transposed,
    hidden_transposed: inputs and hidden values before every step, a panel of `PANEL` of them after the
    other, each (T * N, PANEL); packed: scaled deltas (4 * units, T * N).
    """

    outputs: np.ndarray
    hidden: np.ndarray
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
    recurrent_biases: np.ndarray
    scale: np.floating


@njit(nogil=True, error_model="numpy", inline="always")
def prepare(layer, signals, propagates, task):
    """Transpose: task number `task` is a step, or after the steps a block of columns of the weights."""
    if task < layer.steps:
        transpose_step(layer, signals, task)
        return
    rows, first = 3 * layer.units, (task - layer.steps) * PANEL
    last = min(first + PANEL, layer.units)
    transpose_weights(layer.recurrent_weights, signals.recurrent_columns, rows, layer.units, first, last)
    if propagates:
        last = min(first + PANEL, layer.features)
        transpose_weights(layer.input_weights, signals.input_columns, rows, layer.features, first, last)


@njit(nogil=True, error_model="numpy", inline="always")
def receive(layer, signals, number, first, last, begin, end):
    """Add what units `first` to `last` get back from the deltas of the step taken as number `number`."""
    step, _, _ = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    target = Target(signals.hidden, first * histories + begin, histories)
    gates = Rows(signals.recurrent_columns, first * 3 * units, 3 * units, 1)
    right = Columns(signals.deltas, step * 4 * units * histories + begin, histories, 0)
    multiply(gates, right, target, last - first, end - begin, 1, 2 * units, True)
    recurrent = Rows(signals.recurrent_columns, (first * 3 + 2) * units, 3 * units, 1)
    right = Columns(signals.deltas, (step * 4 + 3) * units * histories + begin, histories, 0)
    multiply(recurrent, right, target, last - first, end - begin, 1, units, True)


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
    """Compute the deltas of a unit, and leave in its signal what does not go through a sum."""
    step, before, _ = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    gates, distance = (step * 4 * units + unit) * histories, units * histories
    row, zero, one = (
        unit * histories,
        broadcast(layer.gates.dtype.type(0)),
        broadcast(layer.gates.dtype.type(1)),
    )
    for n in range(begin, end, VECTOR):
        place = gates + n
        r, z = load(layer.gates, place), load(layer.gates, place + distance)
        candidate, recurrent = (
            load(layer.gates, place + 2 * distance),
            load(layer.gates, place + 3 * distance),
        )
        old_signal = load(signals.hidden, row + n)
        signal = load(signals.outputs, step * distance + row + n) + old_signal
        difference = load(layer.hidden, before * distance + row + n) - candidate
        delta_z = signal * difference * z * (one - z)
        delta_n = signal * (one - z) * (one - candidate * candidate)
        delta_m = delta_n * r
        delta_r = delta_m * recurrent * (one - r)
        kept = signal * z
        if layer.present.size:
            present = load(layer.present, step * histories + n)
            delta_r, delta_z = choose(present, delta_r, zero), choose(present, delta_z, zero)
            delta_n, delta_m = choose(present, delta_n, zero), choose(present, delta_m, zero)
            kept = choose(present, kept, old_signal)
        store(signals.deltas, place, delta_r)
        store(signals.deltas, place + distance, delta_z)
        store(signals.deltas, place + 2 * distance, delta_n)
        store(signals.deltas, place + 3 * distance, delta_m)
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
    rows, histories = 3 * layer.units, layer.histories
    left = Rows(signals.input_columns, first * rows, rows, 1)
    right = Columns(signals.deltas, step * 4 * layer.units * histories, histories, 0)
    target = Target(signals.inputs, (step * layer.features + first) * histories, histories)
    multiply(left, right, target, last - first, histories, 1, rows, True)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def pack_row(layer, signals, scale, row):
    """Lay the scaled deltas of one row out over all steps; return their sum."""
    histories, length = layer.histories, layer.steps * layer.histories
    factor, total = broadcast(scale), broadcast(layer.gates.dtype.type(0))
    for step in range(layer.steps):
        source = (step * 4 * layer.units + row) * histories
        for n in range(0, histories, VECTOR):
            delta = load(signals.deltas, source + n) * factor
            store(signals.packed, row * length + step * histories + n, delta)
            total = total + delta
    return horizontal_sum(total)


@njit(nogil=True, error_model="numpy", inline="always")
def gradient_block(layer, signals, targets, blocks, task):
    """Add the gradients of all parameters of a block of units in one of the four rows of gates.

    The recurrent weights of the candidate belong to the fourth row of deltas, which begins one row
    later than theirs: they are added with deltas that begin one row later.
    """
    units = layer.units
    count = count_of(units, blocks.units)
    gate, block = task // count, task % count
    begin, end = block * blocks.units, min((block + 1) * blocks.units, units)
    for unit in range(begin, end):
        total = pack_row(layer, signals, targets.scale, gate * units + unit)
        if gate < 3:
            targets.biases[gate * units + unit] += total
        else:
            targets.recurrent_biases[unit] += total
    of_a_gate = layer.steps * layer.histories * units
    packed = signals.packed[: 3 * of_a_gate]
    first, last = gate * units + begin, gate * units + end
    if gate < 3:
        add_product(packed, signals.inputs_transposed, targets.input_weights, first, last, layer.features)
    if gate == 3:
        packed = signals.packed[of_a_gate:]
        first, last = first - units, last - units
    if gate != 2:
        add_product(packed, signals.hidden_transposed, targets.recurrent_weights, first, last, units)


@njit(nogil=True, error_model="numpy", inline="always")
def backward_tasks(layer, blocks, propagates, phase):
    """Return the number of tasks of a phase."""
    left = backward_phases(layer, blocks) - phase
    if phase == 0:
        return layer.steps + count_of(max(layer.units, layer.features), PANEL)
    if left == 2:
        return count_of(layer.features, PANEL) * layer.steps if propagates else 0
    if left == 1:
        return 4 * count_of(layer.units, blocks.units)
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
    """Run all phases on one thread."""
    for phase in range(backward_phases(layer, blocks)):
        for task in range(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, task)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def backward_parallel(layer, signals, targets, blocks, propagates):
    """Run the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(backward_phases(layer, blocks)):
        for task in prange(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, task)
