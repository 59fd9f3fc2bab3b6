"""Forward kernels of the convolutional LSTM.

Images lie as (height, channels, width, histories): the numbers of one channel in one row of the image,
width times histories, are a *line*. A line of sums is then one product on the register tile, as wide as
the line, whatever the number of histories. Images that are convolved have a margin of zeros around them,
so that every window is whole. Lines are padded to whole vectors; no step is present in the padding, so hidden
values and deltas stay zero there.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.convolutional_lstm.pairs import SOURCES, Pair, convolve_pair
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.simd import broadcast, load, load_scalar, multiply_add, store
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vector_activations import sigmoid, tanh
from nn.kernels.core.vector_arithmetic import select

VECTOR = 16


class Geometry(NamedTuple):
    """Sizes.

    `entries` numbers are in a line, `line` with padding, `pitch` with margins as well;
    `edge` numbers are in the margin before it, `margin` rows above an image. An image has `rows` rows,
    margins included. `pairs` says whether rows are convolved in pairs.
    """

    steps: int
    height: int
    rows: int
    margin: int
    entries: int
    line: int
    pitch: int
    edge: int
    histories: int
    kernel: int
    inputs: int
    channels: int
    pairs: bool


class Arrays(NamedTuple):
    """What the kernels read and write, all flat.

    input_weights, recurrent_weights: 4 channels x (kernel rows, sources, kernel columns); images:
    steps x rows x inputs x pitch; hidden: (steps + 1) x rows x channels x pitch, the first is the
    initial state; cells: (steps + 1) x height x channels x line; gates: steps x height x 4 channels x
    line (input, forget, cell, output); outputs: steps x height x channels x line; peepholes:
    3 x height x channels x line; present: steps x line, 1 where a step is there, else 0. Where rows are
    convolved in pairs weights are those of the terms, 4 x 4 channels x (sources, kernel columns), and scratch
    has room for each pair.
    """

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    biases: np.ndarray
    peepholes: np.ndarray
    images: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    gates: np.ndarray
    outputs: np.ndarray
    present: np.ndarray
    scratch: np.ndarray


@kernel(allocates=False, separately=True)
def convolve_row(geometry, weights, images, sources, row, target, begin, accumulate):
    """Convolve one row of positions: a line of `target` for every row of `weights`, from `begin` on.

    `row` is the topmost row of the windows among the rows of all images, margins included.
    """
    window = geometry.kernel * sources * geometry.kernel
    multiply(
        Rows(weights, 0, window, 1),
        Columns(images, row * sources * geometry.pitch, geometry.histories, geometry.pitch),
        Target(target, begin, geometry.line),
        weights.size // window,
        geometry.entries,
        geometry.kernel * sources,
        geometry.kernel,
        accumulate,
    )


@kernel(inline=True)
def line_within(geometry, step, y, channels, channel):
    """Return where the line of a channel begins in images with margins."""
    row = step * geometry.rows + y + geometry.margin
    return (row * channels + channel) * geometry.pitch + geometry.edge


@kernel(inline=True)
def gate_row(geometry, step, y):
    """Return where the gates of one row begin."""
    return (step * geometry.height + y) * 4 * geometry.channels * geometry.line


@kernel(inline=True)
def input_row(geometry, arrays, step, y):
    """Write what the inputs contribute to the sums of all gates in one row of an image."""
    row, begin = step * geometry.rows + y, gate_row(geometry, step, y)
    inputs = geometry.inputs
    convolve_row(geometry, arrays.input_weights, arrays.images, inputs, row, arrays.gates, begin, False)


@kernel(allocates=False, separately=True)
def state_line(geometry, arrays, step, y, channel):
    """Turn the sums of one line into gates, and the gates into cells, hidden values and outputs."""
    channels, line = geometry.channels, geometry.line
    row, image = (y * channels + channel) * line, geometry.height * channels * line
    gates, apart = gate_row(geometry, step, y) + channel * line, channels * line
    old = line_within(geometry, step, y, channels, channel)
    new = line_within(geometry, step + 1, y, channels, channel)
    bias_i = broadcast(load_scalar(arrays.biases, channel))
    bias_f = broadcast(load_scalar(arrays.biases, channels + channel))
    bias_g = broadcast(load_scalar(arrays.biases, 2 * channels + channel))
    bias_o = broadcast(load_scalar(arrays.biases, 3 * channels + channel))
    zero = broadcast(arrays.gates.dtype.type(0))
    for n in range(0, line, VECTOR):
        place = gates + n
        cell = load(arrays.cells, step * image + row + n)
        i = load(arrays.gates, place) + bias_i
        i = sigmoid(multiply_add(load(arrays.peepholes, row + n), cell, i))
        f = load(arrays.gates, place + apart) + bias_f
        f = sigmoid(multiply_add(load(arrays.peepholes, image + row + n), cell, f))
        g = tanh(load(arrays.gates, place + 2 * apart) + bias_g)
        new_cell = multiply_add(f, cell, i * g)
        o = load(arrays.gates, place + 3 * apart) + bias_o
        o = sigmoid(multiply_add(load(arrays.peepholes, 2 * image + row + n), new_cell, o))
        hidden = o * tanh(new_cell)
        store(arrays.gates, place, i)
        store(arrays.gates, place + apart, f)
        store(arrays.gates, place + 2 * apart, g)
        store(arrays.gates, place + 3 * apart, o)
        present = load(arrays.present, step * line + n)
        store(arrays.cells, (step + 1) * image + row + n, select(present, new_cell, cell))
        store(arrays.hidden, new + n, select(present, hidden, load(arrays.hidden, old + n)))
        store(arrays.outputs, step * image + row + n, select(present, hidden, zero))


@kernel(inline=True)
def state_row(geometry, arrays, step, y):
    """Add what the states before contribute to the sums of one row, and go on to the next states."""
    row, begin = step * geometry.rows + y, gate_row(geometry, step, y)
    channels = geometry.channels
    convolve_row(geometry, arrays.recurrent_weights, arrays.hidden, channels, row, arrays.gates, begin, True)
    for channel in range(channels):
        state_line(geometry, arrays, step, y, channel)


@kernel(inline=True)
def gate_pair(geometry, step, y):
    """Return where the gates of a pair of rows begin."""
    scratch = y // 2 * SOURCES * geometry.pitch
    return Pair(gate_row(geometry, step, y), gate_row(geometry, step, y + 1), scratch)


@kernel(inline=True)
def input_pair(geometry, arrays, step, y):
    """Do what `input_row` does for two rows."""
    row, pair = step * geometry.rows + y, gate_pair(geometry, step, y)
    weights, sources = arrays.input_weights, geometry.inputs
    convolve_pair(geometry, weights, arrays.images, sources, row, arrays.gates, arrays.scratch, pair, False)


@kernel(inline=True)
def state_pair(geometry, arrays, step, y):
    """Do what `state_row` does for two rows."""
    row, pair = step * geometry.rows + y, gate_pair(geometry, step, y)
    weights, channels = arrays.recurrent_weights, geometry.channels
    convolve_pair(geometry, weights, arrays.hidden, channels, row, arrays.gates, arrays.scratch, pair, True)
    for line in range(2 * channels):
        state_line(geometry, arrays, step, y + line // channels, line % channels)


@kernel(inline=True)
def forward_tasks(geometry, phase):
    """Return the number of tasks of a phase: rows of the inputs of all steps, then rows of each step."""
    if geometry.pairs:
        return geometry.height // 2
    return geometry.steps * geometry.height if phase == 0 else geometry.height


@kernel(allocates=False, separately=True)
def forward_task(geometry, arrays, phase, task):
    """Do one task of a phase; they may be done in any order."""
    if geometry.pairs and phase == 0:
        for step in range(geometry.steps):
            input_pair(geometry, arrays, step, 2 * task)
    elif geometry.pairs:
        state_pair(geometry, arrays, phase - 1, 2 * task)
    elif phase == 0:
        input_row(geometry, arrays, task // geometry.height, task % geometry.height)
    else:
        state_row(geometry, arrays, phase - 1, task)


@kernel(allocates=False)
def forward_serial(geometry, arrays):
    """Run all phases on one thread."""
    for phase in range(1 + geometry.steps):
        for task in range(forward_tasks(geometry, phase)):
            forward_task(geometry, arrays, phase, task)


@kernel(parallel=True)
def forward_parallel(geometry, arrays):
    """Run the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(1 + geometry.steps):
        for task in prange(forward_tasks(geometry, phase)):
            forward_task(geometry, arrays, phase, intp(task))


@kernel(allocates=False, separately=True)
def step_task(geometry, arrays, step, task):
    """Do one task of a single step, inputs included."""
    if geometry.pairs:
        input_pair(geometry, arrays, step, 2 * task)
        state_pair(geometry, arrays, step, 2 * task)
    else:
        input_row(geometry, arrays, step, task)
        state_row(geometry, arrays, step, task)


@kernel(parallel=True)
def step_parallel(geometry, arrays, step):
    """Take a single step; the one before is done."""
    for task in prange(forward_tasks(geometry, 1)):
        step_task(geometry, arrays, step, intp(task))
