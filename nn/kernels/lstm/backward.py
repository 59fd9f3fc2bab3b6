"""Kernels of the LSTM, backward; see `nn.kernels.lstm.forward` for layouts and
`nn.kernels.recurrent.layout` for how work is cut.

Steps are taken from the last to the first. The signals that a step receives from the one after it are a
product with the transposed recurrent weights. A slice of the histories sends signals to the inputs and to
the step before while its deltas are in cache; threads that share units make those of the inputs once all
deltas are there. The gradients of the weights are products over all steps.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.simd import broadcast, horizontal_sum, load, load_scalar, multiply_add, store
from nn.kernels.core.subnormals import flush_subnormals, restore
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vector_activations import tanh
from nn.kernels.core.vector_arithmetic import select
from nn.kernels.recurrent.gradients import add_gradients, pack_deltas, sum_of_row, sums_after
from nn.kernels.recurrent.layout import (
    SLICE,
    VECTOR,
    backward_phases,
    count_of,
    gate_row,
    state_row,
    step_and_slots,
    width_of,
)
from nn.kernels.recurrent.tasks import backward_tasks, do_backward, phases_wanted


class Signals(NamedTuple):
    """What a backward pass reads and writes beside the layer, flat.

    outputs: signals of the outputs (T, units, N); hidden, cells: of the states (units, N), changed in
    place, and deltas (T, 4, units, N), slice after slice; inputs: signals added to (T, inputs, N);
    columns: the input and recurrent weights transposed, one below the other, (inputs + units, 4 * units);
    panels: inputs and hidden values before every step, as `nn.kernels.recurrent.gradients` wants them.
    """

    hidden: np.ndarray
    cells: np.ndarray
    outputs: np.ndarray
    deltas: np.ndarray
    inputs: np.ndarray
    columns: np.ndarray
    panels: np.ndarray


class Targets(NamedTuple):
    """Where gradients times `scale` are added: gradients, or the parameters themselves."""

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    biases: np.ndarray
    peepholes: np.ndarray
    scale: np.floating


@kernel(inline=True)
def receive(layer, signals, number, first, last, begin):
    """Add what units get back in a slice from the deltas of the step taken as number `number`."""
    step, _, _ = step_and_slots(layer, number)
    rows, width = 4 * layer.units, width_of(layer, begin)
    left = Rows(signals.columns, (layer.features + first) * rows, rows, 1)
    right = Columns(signals.deltas, gate_row(layer, begin, width, step * rows), width, 0)
    target = Target(signals.hidden, begin * layer.units + first * width, width)
    multiply(left, right, target, last - first, width, 1, rows, True)


@kernel(allocates=False, separately=True)
def deltas_of_units(layer, signals, number, first, last, begin):
    """Compute the deltas of some units' gates in a slice; leave what they do not pass on."""
    step, before, after = step_and_slots(layer, number)
    units, histories, width = layer.units, layer.histories, width_of(layer, begin)
    distance = units * width
    zero, one = broadcast(layer.gates.dtype.type(0)), broadcast(layer.gates.dtype.type(1))
    for unit in range(first, last):
        row = begin * units + unit * width
        gates = gate_row(layer, begin, width, step * 4 * units + unit)
        old = state_row(layer, begin, width, before * units + unit)
        new = state_row(layer, begin, width, after * units + unit)
        above = (step * units + unit) * histories + begin
        for n in range(0, width, VECTOR):
            place = gates + n
            i, f = load(layer.gates, place), load(layer.gates, place + distance)
            g, o = load(layer.gates, place + 2 * distance), load(layer.gates, place + 3 * distance)
            old_cell = load(layer.cells, old + n)
            squashed = tanh(load(layer.cells, new + n))
            old_signal, old_cell_signal = load(signals.hidden, row + n), load(signals.cells, row + n)
            signal = load(signals.outputs, above + n) + old_signal
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
                present = load(layer.present, step * histories + begin + n)
                delta_i, delta_f = select(present, delta_i, zero), select(present, delta_f, zero)
                delta_g, delta_o = select(present, delta_g, zero), select(present, delta_o, zero)
                passed, kept = select(present, passed, old_cell_signal), select(present, zero, old_signal)
            store(signals.deltas, place, delta_i)
            store(signals.deltas, place + distance, delta_f)
            store(signals.deltas, place + 2 * distance, delta_g)
            store(signals.deltas, place + 3 * distance, delta_o)
            store(signals.cells, row + n, passed)
            store(signals.hidden, row + n, kept)


@kernel(inline=True)
def peephole_gradient(layer, signals, row, later):
    """Return the gradient of a peephole: deltas times the cells before, or `later` after, every step."""
    units = layer.units
    total = broadcast(layer.gates.dtype.type(0))
    shift = 1 if layer.backward != later else 0
    for begin in range(0, layer.histories, SLICE):
        width = width_of(layer, begin)
        for step in range(layer.steps):
            cells = state_row(layer, begin, width, (step + shift) * units + row % units)
            deltas = gate_row(layer, begin, width, step * 4 * units + row)
            for n in range(0, width, VECTOR):
                total = multiply_add(load(signals.deltas, deltas + n), load(layer.cells, cells + n), total)
    return horizontal_sum(total)


@kernel(inline=True)
def gradient_block(layer, signals, targets, blocks, block, place):
    """Add the gradients of all parameters of a block of rows of the gates."""
    units, first = layer.units, block * blocks.rows
    last = min(first + blocks.rows, 4 * units)
    sums = sums_after(layer, last - first, place)
    pack_deltas(layer, signals.deltas, first, last, layer.scratch, place, sums)
    for row in range(first, last):
        targets.biases[row] += targets.scale * sum_of_row(layer, sums, row - first)
        if layer.peepholes.size and row // units != 2:
            later = row >= 3 * units
            peephole = row - units if later else row
            targets.peepholes[peephole] += targets.scale * peephole_gradient(layer, signals, row, later)
    add_gradients(layer, signals.panels, targets, first, last, (0, layer.features + units), 0, place)


@kernel(allocates=False, separately=True)
def backward_task(layer, signals, targets, blocks, propagates, phase, task):
    """Run one task of a phase. The weights may change in the last one: before, their copies are read."""
    state = flush_subnormals()
    if phase < backward_phases(layer, blocks) - 1:
        do_backward(layer, signals, blocks, propagates, phase, task, receive, deltas_of_units)
    else:
        for block in range(task, count_of(4 * layer.units, blocks.rows), blocks.workers):
            gradient_block(layer, signals, targets, blocks, block, task * blocks.room)
    restore(state)


@kernel(allocates=False)
def backward_serial(layer, signals, targets, blocks, propagates):
    """Run backward on one thread."""
    for phase in range(phases_wanted(layer, targets, blocks)):
        for task in range(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, task)


@kernel(parallel=True)
def backward_parallel(layer, signals, targets, blocks, propagates):
    """Run backward with the tasks of a phase in parallel."""
    for phase in range(phases_wanted(layer, targets, blocks)):
        for task in prange(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, intp(task))
