"""Kernels of the GRU, backward; see `nn.kernels.gru.forward` for layouts,
`nn.kernels.recurrent.layout` for how work is cut.

Steps are taken from the last to the first. Rows of deltas are in the order of the gates; input weights
belong to the first three of them, recurrent weights to the first two and the last.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.simd import broadcast, load, store
from nn.kernels.core.subnormals import flush_subnormals, restore
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vector_arithmetic import select
from nn.kernels.recurrent.gradients import add_gradients, pack_deltas, sum_of_row, sums_after
from nn.kernels.recurrent.layout import (
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

    outputs: signals of the outputs (T, units, N); hidden: of the states (units, N), changed in place, and
    deltas (T, 4, units, N), slice after slice; inputs: signals added to (T, inputs, N); columns: the input
    and recurrent weights transposed, one below the other, (inputs + units, 3 * units); panels: inputs and
    hidden values before every step, as `nn.kernels.recurrent.gradients` wants them.
    """

    hidden: np.ndarray
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
    recurrent_biases: np.ndarray
    scale: np.floating


@kernel(inline=True)
def receive(layer, signals, number, first, last, begin):
    """Add what units get back in a slice from deltas of a step: those of two gates, and of the last."""
    step, _, _ = step_and_slots(layer, number)
    units, width = layer.units, width_of(layer, begin)
    target = Target(signals.hidden, begin * units + first * width, width)
    place = (layer.features + first) * 3 * units
    left = Rows(signals.columns, place, 3 * units, 1)
    right = Columns(signals.deltas, gate_row(layer, begin, width, step * 4 * units), width, 0)
    multiply(left, right, target, last - first, width, 1, 2 * units, True)
    left = Rows(signals.columns, place + 2 * units, 3 * units, 1)
    right = Columns(signals.deltas, gate_row(layer, begin, width, (step * 4 + 3) * units), width, 0)
    multiply(left, right, target, last - first, width, 1, units, True)


@kernel(allocates=False, separately=True)
def deltas_of_units(layer, signals, number, first, last, begin):
    """Compute the deltas of some units in a slice; leave in their signals what goes through no sum."""
    step, before, _ = step_and_slots(layer, number)
    units, histories, width = layer.units, layer.histories, width_of(layer, begin)
    distance = units * width
    zero, one = broadcast(layer.gates.dtype.type(0)), broadcast(layer.gates.dtype.type(1))
    for unit in range(first, last):
        row = begin * units + unit * width
        gates = gate_row(layer, begin, width, step * 4 * units + unit)
        old = state_row(layer, begin, width, before * units + unit)
        above = (step * units + unit) * histories + begin
        for n in range(0, width, VECTOR):
            place = gates + n
            r, z = load(layer.gates, place), load(layer.gates, place + distance)
            candidate, recurrent = (
                load(layer.gates, place + 2 * distance),
                load(layer.gates, place + 3 * distance),
            )
            old_signal = load(signals.hidden, row + n)
            signal = load(signals.outputs, above + n) + old_signal
            difference = load(layer.hidden, old + n) - candidate
            delta_z = signal * difference * z * (one - z)
            delta_n = signal * (one - z) * (one - candidate * candidate)
            delta_m = delta_n * r
            delta_r = delta_m * recurrent * (one - r)
            kept = signal * z
            if layer.present.size:
                present = load(layer.present, step * histories + begin + n)
                delta_r, delta_z = select(present, delta_r, zero), select(present, delta_z, zero)
                delta_n, delta_m = select(present, delta_n, zero), select(present, delta_m, zero)
                kept = select(present, kept, old_signal)
            store(signals.deltas, place, delta_r)
            store(signals.deltas, place + distance, delta_z)
            store(signals.deltas, place + 2 * distance, delta_n)
            store(signals.deltas, place + 3 * distance, delta_m)
            store(signals.hidden, row + n, kept)


@kernel(inline=True)
def gradient_block(layer, signals, targets, blocks, number, place):
    """Add the gradients of all parameters of a block of units in one of the four rows of gates.

    The candidate's own row sees the inputs only, the fourth row the hidden values only, whose recurrent
    weights lie a row of gates above.
    """
    units, length = layer.units, layer.features + layer.units
    count = count_of(units, blocks.units)
    gate, block = number // count, number % count
    begin, end = block * blocks.units, min((block + 1) * blocks.units, units)
    first, last, shift = gate * units + begin, gate * units + end, units if gate == 3 else 0
    sums = sums_after(layer, last - first, place)
    pack_deltas(layer, signals.deltas, first, last, layer.scratch, place, sums)
    for unit in range(begin, end):
        total = targets.scale * sum_of_row(layer, sums, unit - begin)
        if gate < 3:
            targets.biases[gate * units + unit] += total
        else:
            targets.recurrent_biases[unit] += total
    columns = (layer.features if gate == 3 else 0, layer.features if gate == 2 else length)
    add_gradients(layer, signals.panels, targets, first, last, columns, shift, place)


@kernel(allocates=False, separately=True)
def backward_task(layer, signals, targets, blocks, propagates, phase, task):
    """Run one task of a phase. The weights may change in the last one: before, their copies are read."""
    state = flush_subnormals()
    if phase < backward_phases(layer, blocks) - 1:
        do_backward(layer, signals, blocks, propagates, phase, task, receive, deltas_of_units)
    else:
        for block in range(task, 4 * count_of(layer.units, blocks.units), blocks.workers):
            gradient_block(layer, signals, targets, blocks, block, task * blocks.room)
    restore(state)


@kernel(allocates=False)
def backward_serial(layer, signals, targets, blocks, propagates):
    """Run all phases on one thread."""
    for phase in range(phases_wanted(layer, targets, blocks)):
        for task in range(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, task)


@kernel(parallel=True)
def backward_parallel(layer, signals, targets, blocks, propagates):
    """Run the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(phases_wanted(layer, targets, blocks)):
        for task in prange(backward_tasks(layer, blocks, propagates, phase)):
            backward_task(layer, signals, targets, blocks, propagates, phase, intp(task))
