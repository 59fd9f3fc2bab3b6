"""Backward kernels of convolutional_lstm_o2; the layout is that of `nn.kernels.convolutional_lstm`."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.kernels.convolutional_lstm import convolve_row, inner_line, line_of, lines_of
from nn.kernels.gate_lines import (
    add,
    add_product,
    clear_where_absent,
    clear_where_present,
    output_delta,
    sigmoid_delta,
    tangent_delta,
)
from nn.kernels.product import multiply, transpose
from nn.tile import Columns, Rows, Target


class Signals(NamedTuple):
    """What the backward kernels read and write beside `Arrays`, all flat.

    signals: steps x height x channels x line, or nothing where only the final states have signals;
    hidden, cells: height x channels x line, the signals of the states after a step, then before it;
    deltas: steps x rows x 4 channels x pitch, like images that are convolved;
    flipped_inputs, flipped_recurrent: sources x (kernel rows, 4 channels, kernel columns), the weights
    with rows and columns turned round; inputs: steps x height x inputs x line, the input signals;
    peepholes: 3 x height x channels x line, their gradients before histories are summed.
    """

    signals: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    deltas: np.ndarray
    flipped_inputs: np.ndarray
    flipped_recurrent: np.ndarray
    inputs: np.ndarray
    peepholes: np.ndarray


class Parts(NamedTuple):
    """Sums of gradients over a part of all rows each, and room for that part's transposed rows.

    inputs: parts x kernel columns x 4 channels x (kernel rows, inputs); recurrent: the same of the
    channels; biases: parts x 4 channels; scratch: parts x pitch x columns.
    """

    inputs: np.ndarray
    recurrent: np.ndarray
    biases: np.ndarray
    scratch: np.ndarray


@njit(cache=True, nogil=True, error_model="numpy")
def take_state_signals(geometry, arrays, signals, step, row, channel, o, i):
    """Give the signals of a line's states to the sums of this step; keep those of histories it lacks.

    The hidden value's signals begin the output gate's delta `o`, the cell's the input gate's delta `i`.
    """
    hidden = line_of(geometry, signals.hidden, row, channel)
    cells = line_of(geometry, signals.cells, row, channel)
    o[:] = hidden
    i[:] = cells
    if signals.signals.size:
        add(o, line_of(geometry, signals.signals, step * geometry.height + row, channel))
    if arrays.present.size:
        present = arrays.present[step * geometry.line : (step + 1) * geometry.line]
        clear_where_absent(present, o)
        clear_where_absent(present, i)
        clear_where_present(present, hidden)
        clear_where_present(present, cells)
    else:
        hidden[:] = 0
        cells[:] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def delta_line(geometry, arrays, signals, step, y, channel):
    """Compute the deltas of one line's gates, the signals of the cells before, and peephole gradients."""
    height, gates = geometry.height, 4 * geometry.channels
    i, f, g, o = lines_of(geometry, arrays.gates, step, y, channel)
    before = line_of(geometry, arrays.cells, step * height + y, channel)
    cell = line_of(geometry, arrays.cells, (step + 1) * height + y, channel)
    delta_i = inner_line(geometry, signals.deltas, step, y, gates, channel)
    delta_f = inner_line(geometry, signals.deltas, step, y, gates, geometry.channels + channel)
    delta_g = inner_line(geometry, signals.deltas, step, y, gates, 2 * geometry.channels + channel)
    delta_o = inner_line(geometry, signals.deltas, step, y, gates, 3 * geometry.channels + channel)
    carried = line_of(geometry, signals.cells, y, channel)
    take_state_signals(geometry, arrays, signals, step, y, channel, delta_o, delta_i)
    output_delta(delta_o, o, cell, delta_i)
    add_product(delta_i, line_of(geometry, arrays.peepholes, 2 * height + y, channel), delta_o)
    add_product(carried, delta_i, f)
    delta_f[:] = delta_i
    sigmoid_delta(delta_f, before, f)
    delta_g[:] = delta_i
    tangent_delta(delta_g, i, g)
    sigmoid_delta(delta_i, g, i)
    add_product(carried, line_of(geometry, arrays.peepholes, y, channel), delta_i)
    add_product(carried, line_of(geometry, arrays.peepholes, height + y, channel), delta_f)
    add_product(line_of(geometry, signals.peepholes, y, channel), delta_i, before)
    add_product(line_of(geometry, signals.peepholes, height + y, channel), delta_f, before)
    add_product(line_of(geometry, signals.peepholes, 2 * height + y, channel), delta_o, cell)


@njit(cache=True, nogil=True, error_model="numpy")
def hidden_signal_row(geometry, signals, step, y):
    """Add what the deltas of a step say of the hidden values before it, in one row."""
    begin = y * geometry.channels * geometry.line
    row = step * geometry.rows + y
    convolve_row(
        geometry,
        signals.flipped_recurrent,
        signals.deltas,
        4 * geometry.channels,
        row,
        signals.hidden,
        begin,
        True,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def delta_row(geometry, arrays, signals, step, y):
    """Compute the deltas of one row; those of the step after are complete."""
    if step + 1 < geometry.steps:
        hidden_signal_row(geometry, signals, step + 1, y)
    for channel in range(geometry.channels):
        delta_line(geometry, arrays, signals, step, y, channel)


@njit(cache=True, nogil=True, error_model="numpy")
def input_signal_row(geometry, signals, step, y):
    """Compute the input signals of one row."""
    begin = (step * geometry.height + y) * geometry.inputs * geometry.line
    row = step * geometry.rows + y
    convolve_row(
        geometry,
        signals.flipped_inputs,
        signals.deltas,
        4 * geometry.channels,
        row,
        signals.inputs,
        begin,
        False,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def weight_gradients(geometry, deltas, images, sources, step, y, scratch, target):
    """Add one row of positions to the gradients of weights: deltas times what their windows saw.

    The rows of the windows are transposed, (line with margins) x (kernel rows, sources); the windows
    of kernel column x begin x histories further on.
    """
    gates, columns = 4 * geometry.channels, geometry.kernel * sources
    width = scratch.size // geometry.pitch
    top = (step * geometry.rows + y) * sources * geometry.pitch
    source = Rows(images, top, geometry.pitch, 1)
    transpose(source, Target(scratch, 0, width), columns, geometry.pitch)
    row = step * geometry.rows + y + geometry.margin
    left = Rows(deltas, row * gates * geometry.pitch + geometry.edge, geometry.pitch, 1)
    for x in range(geometry.kernel):
        right = Columns(scratch, x * geometry.histories * width, width, 0)
        part = Target(target, x * gates * columns, columns)
        multiply(left, right, part, gates, columns, 1, geometry.line, True)


@njit(cache=True, nogil=True, error_model="numpy")
def gradient_part(geometry, arrays, signals, parts, part):
    """Sum the gradients over one part of the rows of all steps, in their order."""
    count = parts.biases.shape[0]
    rows = geometry.steps * geometry.height
    inputs, recurrent = parts.inputs[part], parts.recurrent[part]
    biases, scratch = parts.biases[part], parts.scratch[part]
    inputs[:] = 0
    recurrent[:] = 0
    biases[:] = 0
    for row in range(part * rows // count, (part + 1) * rows // count):
        step, y = row // geometry.height, row % geometry.height
        deltas = signals.deltas
        weight_gradients(geometry, deltas, arrays.images, geometry.inputs, step, y, scratch, inputs)
        weight_gradients(geometry, deltas, arrays.hidden, geometry.channels, step, y, scratch, recurrent)
        for gate in range(biases.size):
            biases[gate] += inner_line(geometry, deltas, step, y, biases.size, gate).sum()


@njit(cache=True, nogil=True, error_model="numpy")
def backward_serial(geometry, arrays, signals, parts, propagates):
    """Run the backward pass on one thread."""
    for step in range(geometry.steps - 1, -1, -1):
        for y in range(geometry.height):
            delta_row(geometry, arrays, signals, step, y)
    for y in range(geometry.height):
        hidden_signal_row(geometry, signals, 0, y)
    if propagates:
        for row in range(geometry.steps * geometry.height):
            input_signal_row(geometry, signals, row // geometry.height, row % geometry.height)
    for part in range(parts.biases.shape[0]):
        gradient_part(geometry, arrays, signals, parts, part)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def backward_parallel(geometry, arrays, signals, parts, propagates):
    """Run the rows of each step in parallel, then those of all input signals, then the gradients.

    The parts of the gradients are the same whatever the number of threads, and are added in order.
    """
    for back in range(geometry.steps):
        for y in prange(geometry.height):
            delta_row(geometry, arrays, signals, geometry.steps - 1 - back, y)
    for y in prange(geometry.height):
        hidden_signal_row(geometry, signals, 0, y)
    if propagates:
        for row in prange(geometry.steps * geometry.height):
            input_signal_row(geometry, signals, row // geometry.height, row % geometry.height)
    for part in prange(parts.biases.shape[0]):
        gradient_part(geometry, arrays, signals, parts, part)
