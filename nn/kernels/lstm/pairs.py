"""Kernels of the LSTM in bfloat16: `nn.kernels.lstm.forward` and `backward` with products of pairs.

Between the products everything is the same: gates, states, deltas, biases, peepholes and gradients are
float32. `nn.kernels.recurrent.pairs` has what is laid out as pairs.
"""

from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.subnormals import flush_subnormals, restore
from nn.kernels.core.tile import Target
from nn.kernels.lstm.backward import deltas_of_units, peephole_gradient
from nn.kernels.lstm.forward import update_units
from nn.kernels.recurrent.gradients import pack_deltas, sum_of_row
from nn.kernels.recurrent.layout import (
    TILE,
    backward_phases,
    count_of,
    gate_row,
    step_and_slots,
    width_of,
)
from nn.kernels.recurrent.pair_tasks import (
    do_backward,
    do_forward,
    phases_forward,
    tasks_backward,
    tasks_forward,
)
from nn.kernels.recurrent.pairs import (
    add_gradients_of_pairs,
    add_hidden,
    add_inputs,
    pair_hidden,
    pass_back,
)
from nn.kernels.recurrent.tasks import phases_wanted


@kernel(inline=True)
def forward_step(layer, pairs, number, first, last, begin):
    """Take one step for units `first` to `last` of a slice: add the recurrent share."""
    step, before, after = step_and_slots(layer, number)
    units, width = layer.units, width_of(layer, begin)
    for unit in range(first, last, TILE):
        rows = min(TILE, last - unit)
        sums = Target(layer.gates, gate_row(layer, begin, width, step * 4 * units + unit), width)
        for gate in range(4):
            target = Target(layer.gates, sums.offset + gate * units * width, width)
            add_hidden(layer, pairs, before, gate * units + unit, rows, begin, target, True)
        update_units(layer, number, unit, rows, begin, sums, units * width)
        pair_hidden(layer, pairs, after, unit, rows, begin)


@kernel(inline=True)
def forward_slice(layer, pairs, begin):
    """Take all steps for the slice of the histories that begins with number `begin`."""
    units, width = layer.units, width_of(layer, begin)
    sums = Target(layer.scratch, begin * 4 * TILE, width)
    for number in range(layer.steps):
        step, before, after = step_and_slots(layer, number)
        for unit in range(0, units, TILE):
            rows = min(TILE, units - unit)
            for gate in range(4):
                target = Target(layer.scratch, sums.offset + gate * TILE * width, width)
                add_inputs(layer, pairs, step, gate * units + unit, rows, begin, target)
                add_hidden(layer, pairs, before, gate * units + unit, rows, begin, target, True)
            update_units(layer, number, unit, rows, begin, sums, TILE * width)
            pair_hidden(layer, pairs, after, unit, rows, begin)


@kernel(allocates=False, separately=True)
def forward_task(layer, pairs, blocks, phase, task):
    """Run one task of a phase."""
    state = flush_subnormals()
    do_forward(layer, pairs, blocks, phase, task, forward_step, forward_slice)
    restore(state)


@kernel(allocates=False)
def forward_serial(layer, pairs, blocks):
    """Run forward on one thread."""
    for phase in range(phases_forward(layer, blocks)):
        for task in range(tasks_forward(layer, blocks, phase)):
            forward_task(layer, pairs, blocks, phase, task)


@kernel(parallel=True)
def forward_parallel(layer, pairs, blocks):
    """Run forward with the tasks of a phase in parallel."""
    for phase in range(phases_forward(layer, blocks)):
        for task in prange(tasks_forward(layer, blocks, phase)):
            forward_task(layer, pairs, blocks, phase, intp(task))


@kernel(inline=True)
def receive(layer, signals, pairs, number, first, last, begin):
    """Add what units get back in a slice from the deltas of the step taken as number `number`."""
    step, _, _ = step_and_slots(layer, number)
    width = width_of(layer, begin)
    target = Target(signals.hidden, begin * layer.units + first * width, width)
    pass_back(layer, pairs, pairs.recurrent_weights, step, (0, 0, 4), (first, last), begin, target)


@kernel(inline=True)
def gradient_block(layer, signals, pairs, targets, blocks, block, place):
    """Add the gradients of all parameters of a block of rows of the gates."""
    units, first = layer.units, block * blocks.rows
    last = min(first + blocks.rows, 4 * units)
    pack_deltas(layer, signals.deltas, first, last, pairs.halves, place, place)
    for row in range(first, last):
        targets.biases[row] += targets.scale * sum_of_row(layer, place, row - first)
        if layer.peepholes.size and row // units != 2:
            later = row >= 3 * units
            peephole = row - units if later else row
            targets.peepholes[peephole] += targets.scale * peephole_gradient(layer, signals, row, later)
    add_gradients_of_pairs(layer, pairs, targets, first, last, (0, layer.features + units), 0, place)


@kernel(allocates=False, separately=True)
def backward_task(layer, signals, pairs, targets, blocks, propagates, phase, task):
    """Run one task of a phase. The weights may change in the last one: before, their pairs are read."""
    state = flush_subnormals()
    if phase < backward_phases(layer, blocks) - 1:
        do_backward(layer, signals, pairs, blocks, propagates, phase, task, receive, deltas_of_units)
    else:
        for block in range(task, count_of(4 * layer.units, blocks.rows), blocks.workers):
            gradient_block(layer, signals, pairs, targets, blocks, block, task * blocks.room)
    restore(state)


@kernel(allocates=False)
def backward_serial(layer, signals, pairs, targets, blocks, propagates):
    """Run backward on one thread."""
    for phase in range(phases_wanted(layer, targets, blocks)):
        for task in range(tasks_backward(layer, blocks, propagates, phase)):
            backward_task(layer, signals, pairs, targets, blocks, propagates, phase, task)


@kernel(parallel=True)
def backward_parallel(layer, signals, pairs, targets, blocks, propagates):
    """Run backward with the tasks of a phase in parallel."""
    for phase in range(phases_wanted(layer, targets, blocks)):
        for task in prange(tasks_backward(layer, blocks, propagates, phase)):
            backward_task(layer, signals, pairs, targets, blocks, propagates, phase, intp(task))
