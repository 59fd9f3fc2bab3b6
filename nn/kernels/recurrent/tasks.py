"""Tasks that the LSTM and the GRU share: what belongs to which phase, sums over inputs and their signals.

A family passes in its own kernels (`forward_step` and so on), which are inlined into its tasks like the rest.

Input weights have a row for each bias, four of every unit in an LSTM and three in a GRU; gates and deltas
have four in both.
"""

from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.recurrent.gradients import PANEL, transpose_seen
from nn.kernels.recurrent.layout import (
    SLICE,
    TILE,
    backward_phases,
    count_of,
    forward_phases,
    gate_row,
    pack_weights,
    step_and_slots,
    transpose_weights,
    width_of,
    write_outputs,
)


@kernel(inline=True)
def input_block(layer, blocks, task):
    """Write the input's share of the gates: task number block * steps + step."""
    first, step = task // layer.steps * blocks.rows, task % layer.steps
    rows, features, histories = layer.biases.size, layer.features, layer.histories
    left = Rows(layer.input_weights, first * features, features, 1)
    for begin in range(0, histories, SLICE):
        width = width_of(layer, begin)
        right = Columns(layer.inputs, step * features * histories + begin, histories, 0)
        target = Target(layer.gates, gate_row(layer, begin, width, step * 4 * layer.units + first), width)
        multiply(left, right, target, min(blocks.rows, rows - first), width, 1, features, False)


@kernel(inline=True)
def forward_tasks(layer, blocks, phase):
    """Return the number of tasks of a phase, which may be done in any order."""
    if phase == 0:
        return count_of(layer.biases.size, blocks.rows) * (layer.steps if blocks.over_units else 1)
    if phase == forward_phases(layer, blocks) - 1:
        return layer.steps
    if blocks.over_units:
        return count_of(layer.units, blocks.units)
    return count_of(layer.histories, SLICE)


@kernel(inline=True)
def do_forward(layer, blocks, phase, task, forward_step, forward_slice):
    """Run one task of a phase."""
    if phase == forward_phases(layer, blocks) - 1:
        write_outputs(layer, task)
    elif blocks.over_units and phase == 0:
        input_block(layer, blocks, task)
    elif blocks.over_units:
        first = task * blocks.units
        for begin in range(0, layer.histories, SLICE):
            forward_step(layer, phase - 1, first, min(first + blocks.units, layer.units), begin)
    elif phase == 0:
        first = task * blocks.rows
        pack_weights(layer, first, min(first + blocks.rows, layer.biases.size))
    else:
        forward_slice(layer, task * SLICE)


@kernel(inline=True)
def prepare(layer, signals, propagates, task):
    """Transpose: task number `task` is a step, or after the steps a block of columns of the weights.

    What the gates see has no room where no gradients are wanted.
    """
    if task < layer.steps:
        if signals.panels.size:
            transpose_seen(layer, signals.panels, task)
        return
    features, units, columns = layer.features, layer.units, signals.columns
    rows, first = layer.biases.size, (task - layer.steps) * PANEL
    last, to = min(first + PANEL, units), features * rows
    transpose_weights(layer.recurrent_weights, columns, to, rows, units, first, last)
    if propagates:
        last = min(first + PANEL, features)
        transpose_weights(layer.input_weights, columns, 0, rows, features, first, last)


@kernel(inline=True)
def send(layer, signals, step, first, last, begin):
    """Add the signals of inputs `first` to `last` at a step, in a slice."""
    rows, histories, width = layer.biases.size, layer.histories, width_of(layer, begin)
    left = Rows(signals.columns, first * rows, rows, 1)
    right = Columns(signals.deltas, gate_row(layer, begin, width, step * 4 * layer.units), width, 0)
    target = Target(signals.inputs, (step * layer.features + first) * histories + begin, histories)
    multiply(left, right, target, last - first, width, 1, rows, True)


@kernel(inline=True)
def backward_tasks(layer, blocks, propagates, phase):
    """Return the number of tasks of a phase, which may be done in any order."""
    left = backward_phases(layer, blocks) - phase
    if phase == 0:
        return layer.steps + count_of(max(layer.units, layer.features), PANEL)
    if left == 2:
        return count_of(layer.features, PANEL) * layer.steps if propagates and blocks.over_units else 0
    if left == 1:
        return blocks.workers
    if blocks.over_units:
        return count_of(layer.units, blocks.units)
    return count_of(layer.histories, SLICE)


@kernel(inline=True)
def phases_wanted(layer, targets, blocks):
    """Return the number of phases: without the last, the gradients, where these are multiplied with zero."""
    return backward_phases(layer, blocks) - (1 if targets.scale == 0 else 0)


@kernel(inline=True)
def step_back(layer, signals, number, first, last, begin, receive, deltas_of_units):
    """Take the step that forward took as number `number`; -1 only passes signals on to the initial states."""
    for unit in range(first, last, TILE):
        final = min(unit + TILE, last)
        if number + 1 < layer.steps:
            receive(layer, signals, number + 1, unit, final, begin)
        if number >= 0:
            deltas_of_units(layer, signals, number, unit, final, begin)


@kernel(inline=True)
def slice_back(layer, signals, propagates, begin, receive, deltas_of_units):
    """Run all steps backwards for the slice of the histories that begins with number `begin`."""
    for back in range(layer.steps):
        number = layer.steps - 1 - back
        deltas_of_units(layer, signals, number, 0, layer.units, begin)
        receive(layer, signals, number, 0, layer.units, begin)
        if propagates:
            send(layer, signals, step_and_slots(layer, number)[0], 0, layer.features, begin)


@kernel(inline=True)
def do_backward(layer, signals, blocks, propagates, phase, task, receive, deltas_of_units):
    """Run one task of any phase but the last, the gradients."""
    if phase == 0:
        prepare(layer, signals, propagates, task)
    elif backward_phases(layer, blocks) - phase == 2:
        first, step = task // layer.steps * PANEL, task % layer.steps
        for begin in range(0, layer.histories, SLICE):
            send(layer, signals, step, first, min(first + PANEL, layer.features), begin)
    elif blocks.over_units:
        first = task * blocks.units
        for begin in range(0, layer.histories, SLICE):
            last, number = min(first + blocks.units, layer.units), layer.steps - phase
            step_back(layer, signals, number, first, last, begin, receive, deltas_of_units)
    else:
        slice_back(layer, signals, propagates, task * SLICE, receive, deltas_of_units)
