"""Tasks that the LSTM and the GRU share: sums over inputs, signals of inputs, and how many tasks there are.

Input weights have a row for each bias, four of every unit in an LSTM and three in a GRU; gates and deltas
have four in both.
"""

from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.recurrent.gradients import PANEL, transpose_seen
from nn.kernels.recurrent.layout import (
    SLICE,
    backward_phases,
    count_of,
    forward_phases,
    gate_row,
    transpose_weights,
    width_of,
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
def prepare(layer, signals, propagates, task):
    """Transpose: task number `task` is a step, or after the steps a block of columns of the weights."""
    if task < layer.steps:
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
