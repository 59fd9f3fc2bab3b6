"""Forward kernels of convolutional_lstm_o2.

Images lie as (height, channels, width, histories): the numbers of one channel in one row of the
image, width times histories, are a *line*. A line of sums is then one product on the register tile,
as wide as the line, whatever the number of histories. Images that are convolved have a margin of
zeros around them, so that every window is whole.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.kernels.activations import activate
from nn.kernels.gate_lines import (
    add_product,
    clear_where_absent,
    keep_where_absent,
    multiply_by_tangent,
)
from nn.kernels.product import multiply
from nn.tile import Columns, Rows, Target

TANH, SIGMOID = 4, 5


class Geometry(NamedTuple):
    """Sizes.

    `line` numbers are in a line, `pitch` in one with margins on both sides, rounded up to whole
    vectors; `edge` numbers are in the margin before it, `margin` rows above the image. An image of
    several channels has `rows` rows, margins included.
    """

    steps: int
    height: int
    rows: int
    margin: int
    line: int
    pitch: int
    edge: int
    histories: int
    kernel: int
    inputs: int
    channels: int


class Arrays(NamedTuple):
    """What the kernels read and write, all flat.

    input_weights, recurrent_weights: 4 channels x (kernel rows, sources, kernel columns); images:
    steps x rows x inputs x pitch; hidden: (steps + 1) x rows x channels x pitch, the first is the
    initial state; cells: (steps + 1) x height x channels x line; gates: steps x height x 4 channels x
    line (input, forget, candidate, output); outputs: steps x height x channels x line; peepholes:
    3 x height x channels x line; present: steps x line, or nothing where all steps are there.
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


@njit(cache=True, nogil=True, error_model="numpy")
def convolve_row(geometry, weights, images, sources, row, target, begin, accumulate):
    """Convolve one row of positions: a line of `target` for every row of `weights`, from `begin` on.

    `row` is the topmost row of the windows among the rows of all images, margins included.
    """
    window = geometry.kernel * sources * geometry.kernel
    left = Rows(weights, 0, window, 1)
    right = Columns(images, row * sources * geometry.pitch, geometry.histories, geometry.pitch)
    multiply(
        left,
        right,
        Target(target, begin, geometry.line),
        weights.size // window,
        geometry.line,
        geometry.kernel * sources,
        geometry.kernel,
        accumulate,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def input_row(geometry, arrays, step, y):
    """Begin the sums of all gates in one row of an image: biases and what the inputs contribute."""
    gates = 4 * geometry.channels
    begin = (step * geometry.height + y) * gates * geometry.line
    for gate in range(gates):
        line = begin + gate * geometry.line
        arrays.gates[line : line + geometry.line] = arrays.biases[gate]
    row = step * geometry.rows + y
    convolve_row(
        geometry, arrays.input_weights, arrays.images, geometry.inputs, row, arrays.gates, begin, True
    )


@njit(cache=True, nogil=True, error_model="numpy")
def lines_of(geometry, gates, step, y, channel):
    """Return the lines of one channel's four gates, as views: input, forget, candidate, output."""
    begin = ((step * geometry.height + y) * 4 * geometry.channels + channel) * geometry.line
    apart = geometry.channels * geometry.line
    return (
        gates[begin : begin + geometry.line],
        gates[begin + apart : begin + apart + geometry.line],
        gates[begin + 2 * apart : begin + 2 * apart + geometry.line],
        gates[begin + 3 * apart : begin + 3 * apart + geometry.line],
    )


@njit(cache=True, nogil=True, error_model="numpy")
def line_of(geometry, array, row, channel):
    """Return the line of a channel in an array without margins, as a view."""
    begin = (row * geometry.channels + channel) * geometry.line
    return array[begin : begin + geometry.line]


@njit(cache=True, nogil=True, error_model="numpy")
def inner_line(geometry, array, step, y, channels, channel):
    """Return the line of a channel between its margins, as a view."""
    row = step * geometry.rows + y + geometry.margin
    begin = (row * channels + channel) * geometry.pitch + geometry.edge
    return array[begin : begin + geometry.line]


@njit(cache=True, nogil=True, error_model="numpy")
def state_line(geometry, arrays, step, y, channel):
    """Turn the sums of one line into gates, and make the next cells, states and outputs of them."""
    height = geometry.height
    i, f, g, o = lines_of(geometry, arrays.gates, step, y, channel)
    before = line_of(geometry, arrays.cells, step * height + y, channel)
    cell = line_of(geometry, arrays.cells, (step + 1) * height + y, channel)
    hidden = inner_line(geometry, arrays.hidden, step + 1, y, geometry.channels, channel)
    output = line_of(geometry, arrays.outputs, step * height + y, channel)
    zero = arrays.gates.dtype.type(0)
    add_product(i, line_of(geometry, arrays.peepholes, y, channel), before)
    add_product(f, line_of(geometry, arrays.peepholes, height + y, channel), before)
    activate(SIGMOID, zero, i)
    activate(SIGMOID, zero, f)
    activate(TANH, zero, g)
    cell[:] = zero
    add_product(cell, f, before)
    add_product(cell, i, g)
    add_product(o, line_of(geometry, arrays.peepholes, 2 * height + y, channel), cell)
    activate(SIGMOID, zero, o)
    multiply_by_tangent(o, cell, output)
    hidden[:] = output
    if arrays.present.size:
        present = arrays.present[step * geometry.line : (step + 1) * geometry.line]
        clear_where_absent(present, output)
        keep_where_absent(present, before, cell)
        earlier = inner_line(geometry, arrays.hidden, step, y, geometry.channels, channel)
        keep_where_absent(present, earlier, hidden)


@njit(cache=True, nogil=True, error_model="numpy")
def state_row(geometry, arrays, step, y):
    """Add what the states before contribute to the sums of one row, and go on to the next states."""
    begin = (step * geometry.height + y) * 4 * geometry.channels * geometry.line
    row = step * geometry.rows + y
    convolve_row(
        geometry, arrays.recurrent_weights, arrays.hidden, geometry.channels, row, arrays.gates, begin, True
    )
    for channel in range(geometry.channels):
        state_line(geometry, arrays, step, y, channel)


@njit(cache=True, nogil=True, error_model="numpy")
def forward_serial(geometry, arrays):
    """Run all steps on one thread."""
    for step in range(geometry.steps):
        for y in range(geometry.height):
            input_row(geometry, arrays, step, y)
        for y in range(geometry.height):
            state_row(geometry, arrays, step, y)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def forward_parallel(geometry, arrays):
    """Run the inputs of all steps in parallel, then the rows of each step."""
    for row in prange(geometry.steps * geometry.height):
        input_row(geometry, arrays, row // geometry.height, row % geometry.height)
    for step in range(geometry.steps):
        for y in prange(geometry.height):
            state_row(geometry, arrays, step, y)
