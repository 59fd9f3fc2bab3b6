"""Backward kernels of the convolutional LSTM; for the layout see `nn.kernels.convolutional_lstm.forward`."""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.convolutional_lstm.forward import (
    VECTOR,
    convolve_row,
    forward_tasks,
    gate_row,
    line_within,
)
from nn.kernels.convolutional_lstm.pairs import SOURCES, TERMS, Pair, convolve_pair, pair_gradients
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply, transpose
from nn.kernels.core.simd import broadcast, horizontal_sum, load, multiply_add, store
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vector_activations import tanh
from nn.kernels.core.vector_arithmetic import select


class Signals(NamedTuple):
    """What the backward kernels read and write beside `Arrays`, all flat.

    outputs: steps x height x channels x line, signals of the outputs; hidden, cells: height x channels x
    line, those of the states after a step, then before it; deltas: steps x rows x 4 channels x pitch,
    like images that are convolved; flipped_inputs, flipped_recurrent: sources x (kernel rows, 4
    channels, kernel columns), the weights with rows and columns reversed; inputs: steps x height x
    inputs x line, the input signals; peepholes: 3 x height x channels x line, their gradients before
    histories are summed. Where rows are convolved in pairs weights are those of the terms, 4 x sources x (4
    channels, kernel columns), and scratch has room for each pair, twice.
    """

    outputs: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    deltas: np.ndarray
    flipped_inputs: np.ndarray
    flipped_recurrent: np.ndarray
    inputs: np.ndarray
    peepholes: np.ndarray
    scratch: np.ndarray


class Parts(NamedTuple):
    """Sums of gradients over a part of all rows each, and room for that part's transposed rows, flat.

    inputs: parts x kernel columns x 4 channels x (kernel rows, inputs); recurrent: the same of the
    channels; biases: parts x 4 channels; scratch: parts x pitch x columns. There are `number` of them. Where
    rows are convolved in pairs the terms of a pair take the place of the kernel rows.
    """

    number: int
    inputs: np.ndarray
    recurrent: np.ndarray
    biases: np.ndarray
    scratch: np.ndarray


@kernel(allocates=False, separately=True)
def delta_line(geometry, arrays, signals, step, y, channel):
    """Compute the deltas of one line's gates, the signals of the cells before, and peephole gradients.

    Histories without this step pass on the signals they get from the step after it.
    """
    channels, line = geometry.channels, geometry.line
    row, image = (y * channels + channel) * line, geometry.height * channels * line
    gates, apart = gate_row(geometry, step, y) + channel * line, channels * line
    deltas = line_within(geometry, step, y, 4 * channels, channel)
    delta_apart = channels * geometry.pitch
    zero, one = broadcast(arrays.gates.dtype.type(0)), broadcast(arrays.gates.dtype.type(1))
    for n in range(0, line, VECTOR):
        place = gates + n
        i, f = load(arrays.gates, place), load(arrays.gates, place + apart)
        g, o = load(arrays.gates, place + 2 * apart), load(arrays.gates, place + 3 * apart)
        cell = load(arrays.cells, step * image + row + n)
        new_cell = load(arrays.cells, (step + 1) * image + row + n)
        see_input, see_forget = load(arrays.peepholes, row + n), load(arrays.peepholes, image + row + n)
        see_output = load(arrays.peepholes, 2 * image + row + n)
        old_signal, old_cell_signal = load(signals.hidden, row + n), load(signals.cells, row + n)
        squashed = tanh(new_cell)
        signal = load(signals.outputs, step * image + row + n) + old_signal
        present = load(arrays.present, step * line + n)
        delta_o = select(present, signal * squashed * o * (one - o), zero)
        cell_signal = multiply_add(signal * o, one - squashed * squashed, old_cell_signal)
        cell_signal = multiply_add(see_output, delta_o, cell_signal)
        delta_i = select(present, cell_signal * g * i * (one - i), zero)
        delta_f = select(present, cell_signal * cell * f * (one - f), zero)
        delta_g = select(present, cell_signal * i * (one - g * g), zero)
        passed = multiply_add(see_forget, delta_f, multiply_add(see_input, delta_i, cell_signal * f))
        store(signals.deltas, deltas + n, delta_i)
        store(signals.deltas, deltas + delta_apart + n, delta_f)
        store(signals.deltas, deltas + 2 * delta_apart + n, delta_g)
        store(signals.deltas, deltas + 3 * delta_apart + n, delta_o)
        store(signals.hidden, row + n, select(present, zero, old_signal))
        store(signals.cells, row + n, select(present, passed, old_cell_signal))
        add_product(signals.peepholes, row + n, delta_i, cell)
        add_product(signals.peepholes, image + row + n, delta_f, cell)
        add_product(signals.peepholes, 2 * image + row + n, delta_o, new_cell)


@kernel(inline=True)
def add_product(sums, place, left, right):
    """Add a product of two vectors to the one that begins at a place."""
    store(sums, place, multiply_add(left, right, load(sums, place)))


@kernel(inline=True)
def hidden_signal_row(geometry, signals, step, y):
    """Add the signals that the deltas of a step send to the hidden values before it, in one row."""
    begin, row = y * geometry.channels * geometry.line, step * geometry.rows + y
    gates, weights = 4 * geometry.channels, signals.flipped_recurrent
    convolve_row(geometry, weights, signals.deltas, gates, row, signals.hidden, begin, True)


@kernel(inline=True)
def hidden_signal_pair(geometry, signals, step, y):
    """Do what `hidden_signal_row` does for two rows."""
    size, row = geometry.channels * geometry.line, step * geometry.rows + y
    pair = Pair(y * size, (y + 1) * size, y // 2 * SOURCES * geometry.pitch)
    weights, gates = signals.flipped_recurrent, 4 * geometry.channels
    convolve_pair(geometry, weights, signals.deltas, gates, row, signals.hidden, signals.scratch, pair, True)


@kernel(inline=True)
def input_signal_pair(geometry, signals, step, y):
    """Do what `input_signal_row` does for two rows."""
    size, row = geometry.inputs * geometry.line, step * geometry.rows + y
    begin, gates = (step * geometry.height + y) * size, 4 * geometry.channels
    pair = Pair(begin, begin + size, (geometry.height + y) // 2 * SOURCES * geometry.pitch)
    weights, deltas = signals.flipped_inputs, signals.deltas
    convolve_pair(geometry, weights, deltas, gates, row, signals.inputs, signals.scratch, pair, False)


@kernel(inline=True)
def delta_pair(geometry, arrays, signals, step, y):
    """Compute the deltas of two rows; those of the step after are complete."""
    if step + 1 < geometry.steps:
        hidden_signal_pair(geometry, signals, step + 1, y)
    for line in range(2 * geometry.channels):
        delta_line(geometry, arrays, signals, step, y + line // geometry.channels, line % geometry.channels)


@kernel(inline=True)
def delta_row(geometry, arrays, signals, step, y):
    """Compute the deltas of one row; those of the step after are complete."""
    if step + 1 < geometry.steps:
        hidden_signal_row(geometry, signals, step + 1, y)
    for channel in range(geometry.channels):
        delta_line(geometry, arrays, signals, step, y, channel)


@kernel(inline=True)
def input_signal_row(geometry, signals, step, y):
    """Compute the input signals of one row."""
    begin = (step * geometry.height + y) * geometry.inputs * geometry.line
    row, gates = step * geometry.rows + y, 4 * geometry.channels
    weights = signals.flipped_inputs
    convolve_row(geometry, weights, signals.deltas, gates, row, signals.inputs, begin, False)


@kernel(allocates=False, separately=True)
def weight_gradients(geometry, deltas, images, sources, row, parts, part, target):
    """Add one row of all steps to a part of the gradients of weights: deltas times what windows saw.

    The rows of the windows are transposed, (line with margins) x (kernel rows, sources); the windows
    of kernel column x begin x histories further on.
    """
    gates, columns, pitch = 4 * geometry.channels, geometry.kernel * sources, geometry.pitch
    step, y = row // geometry.height, row % geometry.height
    size = parts.scratch.size // parts.number
    width, scratch = size // pitch, part * size
    source = Rows(images, (step * geometry.rows + y) * sources * pitch, pitch, 1)
    transpose(source, Target(parts.scratch, scratch, width), columns, pitch)
    left = Rows(deltas, line_within(geometry, step, y, gates, 0), pitch, 1)
    for x in range(geometry.kernel):
        right = Columns(parts.scratch, scratch + x * geometry.histories * width, width, 0)
        place = Target(target, (part * geometry.kernel + x) * gates * columns, columns)
        multiply(left, right, place, gates, columns, 1, geometry.entries, True)


@kernel(inline=True)
def bias_gradients(geometry, deltas, row, parts, part):
    """Add one row of all steps to a part of the gradients of biases."""
    gates = 4 * geometry.channels
    for gate in range(gates):
        begin = line_within(geometry, row // geometry.height, row % geometry.height, gates, gate)
        total = broadcast(deltas.dtype.type(0))
        for n in range(begin, begin + geometry.line, VECTOR):
            total = total + load(deltas, n)
        parts.biases[part * gates + gate] += horizontal_sum(total)


@kernel(inline=True)
def gradient_part(geometry, arrays, signals, parts, part):
    """Sum the gradients over one part of the rows of all steps, in their order; all begin at zero."""
    rows, deltas = geometry.steps * geometry.height, signals.deltas
    for row in range(part * rows // parts.number, (part + 1) * rows // parts.number):
        weight_gradients(geometry, deltas, arrays.images, geometry.inputs, row, parts, part, parts.inputs)
        weight_gradients(
            geometry, deltas, arrays.hidden, geometry.channels, row, parts, part, parts.recurrent
        )
        bias_gradients(geometry, deltas, row, parts, part)


@kernel(inline=True)
def gradient_pairs(geometry, arrays, signals, parts, part):
    """Do what `gradient_part` does, pair by pair."""
    deltas, gates, height = signals.deltas, 4 * geometry.channels, geometry.height
    pairs, room = geometry.steps * height // 2, parts.scratch.size // parts.number * part
    for number in range(part * pairs // parts.number, (part + 1) * pairs // parts.number):
        step, y = 2 * number // height, 2 * number % height
        upper, lower = (
            line_within(geometry, step, y, gates, 0),
            line_within(geometry, step, y + 1, gates, 0),
        )
        rows = upper, lower, step * geometry.rows + y
        sources, size = geometry.inputs, part * geometry.kernel * gates * TERMS
        pair_gradients(
            geometry, deltas, arrays.images, sources, rows, parts.inputs, size * sources, parts.scratch, room
        )
        sources = geometry.channels
        pair_gradients(
            geometry,
            deltas,
            arrays.hidden,
            sources,
            rows,
            parts.recurrent,
            size * sources,
            parts.scratch,
            room,
        )
        for row in range(2 * number, 2 * number + 2):
            bias_gradients(geometry, deltas, row, parts, part)


@kernel(inline=True)
def backward_tasks(geometry, parts, propagates, phase):
    """Return the number of tasks of a phase: rows of every step, last step first; then the rest.

    The rest are the signals of the initial states and of the inputs, and the gradients.
    """
    if geometry.pairs:
        pairs = geometry.height // 2
        return pairs if phase < geometry.steps else parts.number + (2 if propagates else 1) * pairs
    if phase < geometry.steps:
        return geometry.height
    inputs = geometry.steps * geometry.height if propagates else 0
    return geometry.height + inputs + parts.number


@kernel(inline=True)
def do_pairs(geometry, arrays, signals, parts, phase, task):
    """Do one task of a phase where rows are convolved in pairs."""
    count, pairs = parts.number, geometry.height // 2
    if phase < geometry.steps:
        delta_pair(geometry, arrays, signals, geometry.steps - 1 - phase, 2 * task)
    elif task < count:
        gradient_pairs(geometry, arrays, signals, parts, task)
    elif task < count + pairs:
        hidden_signal_pair(geometry, signals, 0, 2 * (task - count))
    else:
        for step in range(geometry.steps):
            input_signal_pair(geometry, signals, step, 2 * (task - count - pairs))


@kernel(allocates=False, separately=True)
def backward_task(geometry, arrays, signals, parts, phase, task):
    """Do one task of a phase; they may be done in any order.

    The parts of the gradients are the same whatever the number of threads, and come first: they take
    longest.
    """
    count = parts.number
    if geometry.pairs:
        do_pairs(geometry, arrays, signals, parts, phase, task)
    elif phase < geometry.steps:
        delta_row(geometry, arrays, signals, geometry.steps - 1 - phase, task)
    elif task < count:
        gradient_part(geometry, arrays, signals, parts, task)
    elif task < count + geometry.height:
        hidden_signal_row(geometry, signals, 0, task - count)
    else:
        row = task - count - geometry.height
        input_signal_row(geometry, signals, row // geometry.height, row % geometry.height)


@kernel(allocates=False)
def backward_serial(geometry, arrays, signals, parts, propagates):
    """Run all phases on one thread."""
    for phase in range(geometry.steps + 1):
        for task in range(backward_tasks(geometry, parts, propagates, phase)):
            backward_task(geometry, arrays, signals, parts, phase, task)


@kernel(parallel=True)
def backward_parallel(geometry, arrays, signals, parts, propagates):
    """Run the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(geometry.steps + 1):
        for task in prange(backward_tasks(geometry, parts, propagates, phase)):
            backward_task(geometry, arrays, signals, parts, phase, intp(task))


@kernel(allocates=False, separately=True)
def step_back_task(geometry, arrays, signals, step, phase, task):
    """Do one task of a single step back: deltas, or then the signals of the inputs."""
    if geometry.pairs and phase == 0:
        delta_pair(geometry, arrays, signals, step, 2 * task)
    elif geometry.pairs:
        input_signal_pair(geometry, signals, step, 2 * task)
    elif phase == 0:
        delta_row(geometry, arrays, signals, step, task)
    else:
        input_signal_row(geometry, signals, step, task)


@kernel(parallel=True)
def step_back_parallel(geometry, arrays, signals, step):
    """Take a single step back; the one after is done."""
    for phase in range(2):
        for task in prange(forward_tasks(geometry, 1)):
            step_back_task(geometry, arrays, signals, step, phase, intp(task))


@kernel(parallel=True)
def finish_parallel(geometry, arrays, signals, parts):
    """Compute the gradients and the signals of the initial states, when all steps back are done."""
    for task in prange(backward_tasks(geometry, parts, False, geometry.steps)):
        backward_task(geometry, arrays, signals, parts, geometry.steps, intp(task))
