"""Kernels of the LSTM in bfloat16: `nn.kernels.lstm.forward` and `backward` with products of pairs.

Between the products everything is the same: gates, states, deltas, biases, peepholes and gradients are
float32. `nn.kernels.recurrent.pairs` has what is laid out as pairs.
"""

from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import horizontal_sum, load
from nn.kernels.core.tile import Target
from nn.kernels.lstm.backward import deltas_of_units, peephole_gradient
from nn.kernels.lstm.forward import update_units
from nn.kernels.recurrent.gradients import PANEL
from nn.kernels.recurrent.layout import (
    SLICE,
    TILE,
    VECTOR,
    backward_phases,
    count_of,
    forward_phases,
    gate_row,
    step_and_slots,
    width_of,
    write_outputs,
)
from nn.kernels.recurrent.pairs import (
    add_gradients_of_pairs,
    add_hidden,
    add_inputs,
    pair_deltas,
    pair_hidden,
    pair_inputs,
    pair_weight_rows,
    pairs_of,
    pass_back,
    round_deltas,
    round_weights,
    transpose_seen_pairs,
)


@kernel(inline=True)
def phases_forward(layer, blocks):
    """Return the number of phases: those of float32, after one that pairs where units are shared."""
    return forward_phases(layer, blocks) + (1 if blocks.over_units else 0)


@kernel(inline=True)
def tasks_forward(layer, blocks, phase):
    """Return the number of tasks of a phase, which may be done in any order."""
    if phase == 0:
        return layer.steps + count_of(layer.biases.size, blocks.rows)
    if phase == phases_forward(layer, blocks) - 1:
        return layer.steps
    if not blocks.over_units:
        return count_of(layer.histories, SLICE)
    if phase == 1:
        return count_of(layer.biases.size, blocks.rows) * layer.steps
    return count_of(layer.units, blocks.units)


@kernel(allocates=False, separately=True)
def forward_task(layer, pairs, blocks, phase, task):
    """Run one task of a phase."""
    if phase == 0 and task < layer.steps:
        pair_inputs(layer, pairs, task)
        if task == 0:
            pair_first_hidden(layer, pairs)
    elif phase == 0:
        first = (task - layer.steps) * blocks.rows
        round_weights(layer, pairs, first, min(first + blocks.rows, layer.biases.size))
    elif phase == phases_forward(layer, blocks) - 1:
        write_outputs(layer, task)
    elif not blocks.over_units:
        forward_slice(layer, pairs, task * SLICE)
    elif phase == 1:
        input_block(layer, pairs, blocks, task)
    else:
        first = task * blocks.units
        for begin in range(0, layer.histories, SLICE):
            forward_step(layer, pairs, phase - 2, first, min(first + blocks.units, layer.units), begin)


@kernel(inline=True)
def pair_first_hidden(layer, pairs):
    """Pair the initial hidden values."""
    _, before, _ = step_and_slots(layer, 0)
    for begin in range(0, layer.histories, SLICE):
        pair_hidden(layer, pairs, before, 0, layer.units, begin)


@kernel(inline=True)
def input_block(layer, pairs, blocks, task):
    """Write the input's share of the gates: task number block * steps + step."""
    first, step = task // layer.steps * blocks.rows, task % layer.steps
    rows = min(blocks.rows, layer.biases.size - first)
    for begin in range(0, layer.histories, SLICE):
        width = width_of(layer, begin)
        target = Target(layer.gates, gate_row(layer, begin, width, step * 4 * layer.units + first), width)
        add_inputs(layer, pairs, step, first, rows, begin, target)


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
            add_hidden(layer, pairs, before, gate * units + unit, rows, begin, target)
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
                add_hidden(layer, pairs, before, gate * units + unit, rows, begin, target)
            update_units(layer, number, unit, rows, begin, sums, TILE * width)
            pair_hidden(layer, pairs, after, unit, rows, begin)


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
def tasks_backward(layer, signals, pairs, blocks, propagates, phase):
    """Return the number of tasks of a phase, which may be done in any order."""
    left = backward_phases(layer, blocks) - phase
    if phase == 0:
        return layer.steps + count_of(4 * pairs_of(layer.units), TILE)
    if left == 2:
        return count_of(layer.features, PANEL) * layer.steps if propagates and blocks.over_units else 0
    if left == 1:
        return blocks.workers
    if blocks.over_units:
        return count_of(layer.units, blocks.units)
    return count_of(layer.histories, SLICE)


@kernel(inline=True)
def prepare(layer, pairs, propagates, task):
    """Turn what gates see, at step number `task`; after the steps pair some rows of the weights."""
    if task < layer.steps:
        if pairs.panels.size:
            transpose_seen_pairs(layer, pairs, task)
        return
    units, first = layer.units, (task - layer.steps) * TILE
    last = min(first + TILE, 4 * pairs_of(units))
    pair_weight_rows(layer.recurrent_weights, pairs.recurrent_weights, units, units, first, last)
    if propagates:
        pair_weight_rows(layer.input_weights, pairs.input_weights, units, layer.features, first, last)


@kernel(inline=True)
def receive(layer, signals, pairs, number, first, last, begin):
    """Add what units get back in a slice from the deltas of the step taken as number `number`."""
    step, _, _ = step_and_slots(layer, number)
    units, width = layer.units, width_of(layer, begin)
    target = Target(signals.hidden, begin * units + first * width, width)
    pass_back(layer, pairs, pairs.recurrent_weights, step, first, last, begin, target)


@kernel(inline=True)
def send(layer, signals, pairs, step, first, last, begin):
    """Add the signals of inputs `first` to `last` at a step, in a slice."""
    features, histories = layer.features, layer.histories
    target = Target(signals.inputs, (step * features + first) * histories + begin, histories)
    pass_back(layer, pairs, pairs.input_weights, step, first, last, begin, target)


@kernel(inline=True)
def make_deltas(layer, signals, pairs, number, first, last, begin):
    """Compute the deltas of some units in a slice, and pair them."""
    deltas_of_units(layer, signals, number, first, last, begin)
    step, _, _ = step_and_slots(layer, number)
    pair_deltas(layer, signals.deltas, pairs, step, first, last, begin)


@kernel(inline=True)
def step_back(layer, signals, pairs, number, first, last, begin):
    """Take the step that forward took as number `number`; -1 only passes signals on to the initial states."""
    for unit in range(first, last, TILE):
        final = min(unit + TILE, last)
        if number + 1 < layer.steps:
            receive(layer, signals, pairs, number + 1, unit, final, begin)
        if number >= 0:
            make_deltas(layer, signals, pairs, number, unit, final, begin)


@kernel(inline=True)
def slice_back(layer, signals, pairs, propagates, begin):
    """Run all steps backwards for the slice of the histories that begins with number `begin`."""
    for back in range(layer.steps):
        number = layer.steps - 1 - back
        make_deltas(layer, signals, pairs, number, 0, layer.units, begin)
        receive(layer, signals, pairs, number, 0, layer.units, begin)
        if propagates:
            send(layer, signals, pairs, step_and_slots(layer, number)[0], 0, layer.features, begin)


@kernel(inline=True)
def gradient_block(layer, signals, pairs, targets, blocks, block, place):
    """Add the gradients of all parameters of a block of rows of the gates."""
    units, first = layer.units, block * blocks.rows
    last = min(first + blocks.rows, 4 * units)
    round_deltas(layer, signals.deltas, pairs, first, last, place)
    for row in range(first, last):
        total = horizontal_sum(load(layer.scratch, place + (row - first) * VECTOR))
        targets.biases[row] += targets.scale * total
        if layer.peepholes.size and row // units != 2:
            later = row >= 3 * units
            peephole = row - units if later else row
            targets.peepholes[peephole] += targets.scale * peephole_gradient(layer, signals, row, later)
    add_gradients_of_pairs(layer, pairs, targets, first, last, place)


@kernel(allocates=False, separately=True)
def backward_task(layer, signals, pairs, targets, blocks, propagates, phase, task):
    """Run one task of a phase. The weights may change in the last one: before, their pairs are read."""
    left = backward_phases(layer, blocks) - phase
    if phase == 0:
        prepare(layer, pairs, propagates, task)
    elif left == 1:
        for block in range(task, count_of(4 * layer.units, blocks.rows), blocks.workers):
            gradient_block(layer, signals, pairs, targets, blocks, block, task * blocks.room)
    elif left == 2:
        first, step = task // layer.steps * PANEL, task % layer.steps
        for begin in range(0, layer.histories, SLICE):
            send(layer, signals, pairs, step, first, min(first + PANEL, layer.features), begin)
    elif blocks.over_units:
        first = task * blocks.units
        for begin in range(0, layer.histories, SLICE):
            last, number = min(first + blocks.units, layer.units), layer.steps - phase
            step_back(layer, signals, pairs, number, first, last, begin)
    else:
        slice_back(layer, signals, pairs, propagates, task * SLICE)


@kernel(inline=True)
def phases_backward(layer, targets, blocks):
    """Return the number of phases: without the last, the gradients, where these are multiplied with zero."""
    return backward_phases(layer, blocks) - (1 if targets.scale == 0 else 0)


@kernel(allocates=False)
def backward_serial(layer, signals, pairs, targets, blocks, propagates):
    """Run backward on one thread."""
    for phase in range(phases_backward(layer, targets, blocks)):
        for task in range(tasks_backward(layer, signals, pairs, blocks, propagates, phase)):
            backward_task(layer, signals, pairs, targets, blocks, propagates, phase, task)


@kernel(parallel=True)
def backward_parallel(layer, signals, pairs, targets, blocks, propagates):
    """Run backward with the tasks of a phase in parallel."""
    for phase in range(phases_backward(layer, targets, blocks)):
        for task in prange(tasks_backward(layer, signals, pairs, blocks, propagates, phase)):
            backward_task(layer, signals, pairs, targets, blocks, propagates, phase, intp(task))
