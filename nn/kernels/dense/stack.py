"""Kernels of neighbouring dense layers: one call runs all of them, forward or backward.

What happens in a layer is in `nn.kernels.dense.layer`. The histories of all layers lie in one flat array, the
arena, and a table of whole numbers, the plan, has a row for each layer that says where. So a call takes
a few arrays, however many layers there are.

Nothing allocates, so Numba need not count references (`_nrt=False`): all layers lie in the same array, and
threads that count their references to it wait for each other (backward took a third longer).

`intp` where a number is counted by `prange`, which is unsigned: a callee would be compiled for both types.
"""

from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.dense.layer import (
    Arrays,
    backward_serial,
    block_range,
    delta_rows,
    forward_rows,
    input_signal_rows,
    transpose_inputs,
    weight_gradient_rows,
)

INPUTS, OUTPUTS, CODE, BLOCKS = 0, 1, 2, 3
"""Columns of the plan: neurons at both ends, code of the activation, blocks in parallel or 0."""

PARAMETERS = 4
"""Column of the plan: where in the flat parameters the weights begin, which the biases follow."""

VALUES, DELTAS, SCALED, INPUT_SIGNALS, TRANSPOSED, END = 5, 6, 7, 8, 9, 10
"""Columns of the plan: where in the arena these begin, one after another, and where the last one ends."""

COLUMNS = 11

OF_DELTAS, OF_INPUT_SIGNALS, OF_GRADIENTS, PHASES = 0, 1, 2, 3
"""Phases of a layer's backward pass, one after another."""


@kernel(allocates=False)
def layer_arrays(parameters, targets, inputs, signals, arena, plan, number):
    """Return what the kernels of one layer read and write; inputs and signals are those of the whole."""
    row = plan[number]
    if number:
        below = plan[number - 1]
        inputs = arena[below[VALUES] : below[DELTAS]]
    if number + 1 < len(plan):
        above = plan[number + 1]
        signals = arena[above[INPUT_SIGNALS] : above[TRANSPOSED]]
    begin = row[PARAMETERS]
    middle = begin + row[OUTPUTS] * row[INPUTS]
    end = middle + row[OUTPUTS]
    return Arrays(
        parameters[begin:middle],
        targets[begin:middle],
        parameters[middle:end],
        targets[middle:end],
        inputs,
        arena[row[INPUT_SIGNALS] : row[TRANSPOSED]],
        arena[row[VALUES] : row[DELTAS]],
        signals,
        arena[row[DELTAS] : row[SCALED]],
        arena[row[SCALED] : row[INPUT_SIGNALS]],
        arena[row[TRANSPOSED] : row[END]],
    )


@kernel(allocates=False, separately=True)
def forward_layer(parameters, inputs, arena, plan, slopes, number, block, blocks):
    """Compute the values of one block of the neurons of a layer."""
    row = plan[number]
    if number:
        below = plan[number - 1]
        inputs = arena[below[VALUES] : below[DELTAS]]
    begin = row[PARAMETERS]
    middle = begin + row[OUTPUTS] * row[INPUTS]
    weights, biases = parameters[begin:middle], parameters[middle : middle + row[OUTPUTS]]
    values = arena[row[VALUES] : row[DELTAS]]
    first, last = block_range(block, blocks, row[OUTPUTS])
    forward_rows(weights, biases, inputs, values, row[CODE], slopes[number], first, last)


@kernel(allocates=False)
def forward_stack(parameters, inputs, arena, plan, slopes):
    """Run all layers on one thread."""
    for number in range(len(plan)):
        forward_layer(parameters, inputs, arena, plan, slopes, number, 0, 1)


@kernel(parallel=True)
def forward_stack_parallel(parameters, inputs, arena, plan, slopes):
    """Run all layers, those that are worth it in parallel."""
    for number in range(len(plan)):
        blocks = plan[number, BLOCKS]
        if blocks:
            for block in prange(blocks):
                forward_layer(parameters, inputs, arena, plan, slopes, number, intp(block), blocks)
        else:
            forward_layer(parameters, inputs, arena, plan, slopes, number, 0, 1)


@kernel(allocates=False)
def backward_layer(parameters, targets, inputs, signals, arena, plan, slopes, scale, propagates, number):
    """Run a layer backwards on one thread."""
    arrays = layer_arrays(parameters, targets, inputs, signals, arena, plan, number)
    backward_serial(arrays, plan[number, CODE], slopes[number], scale, propagates or number > 0)


@kernel(allocates=False)
def backward_stack(parameters, targets, inputs, signals, arena, plan, slopes, scale, propagates):
    """Run all layers backwards on one thread."""
    for number in range(len(plan) - 1, -1, -1):
        backward_layer(parameters, targets, inputs, signals, arena, plan, slopes, scale, propagates, number)


@kernel(allocates=False, separately=True)
def backward_task(parameters, targets, inputs, signals, arena, plan, slopes, scale, number, task):
    """Run one task of a layer: a block of its deltas, of its input signals or of its gradients.

    One block after those of the deltas turns the inputs. `task` counts blocks, phase after phase.
    """
    blocks = max(plan[number, BLOCKS], 1)
    phase, block = task // (blocks + 1), task % (blocks + 1)
    arrays = layer_arrays(parameters, targets, inputs, signals, arena, plan, number)
    first, last = block_range(block, blocks, plan[number, INPUTS if phase == OF_INPUT_SIGNALS else OUTPUTS])
    if phase == OF_INPUT_SIGNALS:
        input_signal_rows(arrays, first, last)
    elif phase == OF_GRADIENTS:
        weight_gradient_rows(arrays, first, last)
    elif block == blocks:
        transpose_inputs(arrays)
    else:
        delta_rows(arrays, plan[number, CODE], slopes[number], scale, first, last)


@kernel(parallel=True)
def backward_stack_parallel(parameters, targets, inputs, signals, arena, plan, slopes, scale, propagates):
    """Run all layers backwards, those that are worth it in parallel.

    Input signals come before the weights, which may change: see `nn.kernels.dense.layer.backward_parallel`.
    All phases share one parallel loop: each loop is compiled several times over, with all that it calls.
    """
    for number in range(len(plan) - 1, -1, -1):
        blocks = max(plan[number, BLOCKS], 1)
        for phase in range(PHASES):
            if phase == OF_INPUT_SIGNALS and number == 0 and not propagates:
                continue
            if phase == OF_GRADIENTS and scale == 0:
                continue
            begin = phase * (blocks + 1)
            end = begin + (blocks + 1 if phase == OF_DELTAS else blocks)
            if plan[number, BLOCKS]:
                for task in prange(begin, end):
                    backward_task(
                        parameters, targets, inputs, signals, arena, plan, slopes, scale, number, intp(task)
                    )
            else:
                for task in range(begin, end):
                    backward_task(
                        parameters, targets, inputs, signals, arena, plan, slopes, scale, number, task
                    )
