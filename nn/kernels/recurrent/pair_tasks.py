"""Tasks that the LSTM and the GRU share in bfloat16: `nn.kernels.recurrent.tasks` with products of pairs.

A family passes in its own kernels (`forward_step` and so on), which are inlined into its tasks like the rest.
"""

from nn.kernels.core.compilation import kernel
from nn.kernels.core.tile import Target
from nn.kernels.recurrent.gradients import PANEL
from nn.kernels.recurrent.layout import (
    SLICE,
    TILE,
    backward_phases,
    count_of,
    forward_phases,
    gate_row,
    step_and_slots,
    width_of,
    write_outputs,
)
from nn.kernels.recurrent.pairs import (
    add_inputs,
    pair_deltas,
    pair_hidden,
    pair_inputs,
    pair_weight_rows,
    pass_back,
    round_weights,
    transpose_seen_pairs,
    weight_rows,
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
def do_forward(layer, pairs, blocks, phase, task, forward_step, forward_slice):
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
def tasks_backward(layer, blocks, propagates, phase):
    """Return the number of tasks of a phase, which may be done in any order."""
    left = backward_phases(layer, blocks) - phase
    if phase == 0:
        return layer.steps + count_of(weight_rows(layer), TILE)
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
    last = min(first + TILE, weight_rows(layer))
    pair_weight_rows(layer, layer.recurrent_weights, pairs.recurrent_weights, units, first, last)
    if propagates:
        pair_weight_rows(layer, layer.input_weights, pairs.input_weights, layer.features, first, last)


@kernel(inline=True)
def send(layer, signals, pairs, step, first, last, begin):
    """Add the signals of inputs `first` to `last` at a step, in a slice."""
    features, histories = layer.features, layer.histories
    gates = (0, 0, layer.biases.size // layer.units)
    target = Target(signals.inputs, (step * features + first) * histories + begin, histories)
    pass_back(layer, pairs, pairs.input_weights, step, gates, (first, last), begin, target)


@kernel(inline=True)
def make_deltas(layer, signals, pairs, number, first, last, begin, deltas_of_units):
    """Compute the deltas of some units in a slice, and pair them."""
    deltas_of_units(layer, signals, number, first, last, begin)
    step, _, _ = step_and_slots(layer, number)
    pair_deltas(layer, signals.deltas, pairs, step, first, last, begin)


@kernel(inline=True)
def step_back(layer, signals, pairs, number, first, last, begin, receive, deltas_of_units):
    """Take the step that forward took as number `number`; -1 only passes signals on to the initial states."""
    for unit in range(first, last, TILE):
        final = min(unit + TILE, last)
        if number + 1 < layer.steps:
            receive(layer, signals, pairs, number + 1, unit, final, begin)
        if number >= 0:
            make_deltas(layer, signals, pairs, number, unit, final, begin, deltas_of_units)


@kernel(inline=True)
def slice_back(layer, signals, pairs, propagates, begin, receive, deltas_of_units):
    """Run all steps backwards for the slice of the histories that begins with number `begin`."""
    for back in range(layer.steps):
        number = layer.steps - 1 - back
        make_deltas(layer, signals, pairs, number, 0, layer.units, begin, deltas_of_units)
        receive(layer, signals, pairs, number, 0, layer.units, begin)
        if propagates:
            send(layer, signals, pairs, step_and_slots(layer, number)[0], 0, layer.features, begin)


@kernel(inline=True)
def do_backward(layer, signals, pairs, blocks, propagates, phase, task, receive, deltas_of_units):
    """Run one task of any phase but the last, the gradients."""
    if phase == 0:
        prepare(layer, pairs, propagates, task)
    elif backward_phases(layer, blocks) - phase == 2:
        first, step = task // layer.steps * PANEL, task % layer.steps
        for begin in range(0, layer.histories, SLICE):
            send(layer, signals, pairs, step, first, min(first + PANEL, layer.features), begin)
    elif blocks.over_units:
        first = task * blocks.units
        for begin in range(0, layer.histories, SLICE):
            last, number = min(first + blocks.units, layer.units), layer.steps - phase
            step_back(layer, signals, pairs, number, first, last, begin, receive, deltas_of_units)
    else:
        slice_back(layer, signals, pairs, propagates, task * SLICE, receive, deltas_of_units)
