"""Kernels of the LSTM, forward: one layer in one direction, on explicit vectors.

Arrays are flat: inputs (T, inputs, N), outputs (T, units of all directions, N) and, slice after slice as
described in `nn.kernels.recurrent.layout`, hidden and cells (T + 1, units, N) and gates (T, 4, units, N), in
the order input, forget, cell, output; N is a whole number of vectors. The register tile makes the sums of the
four gates of 8 units; while they are in the first cache, the cells and hidden values of these units follow.

A task is one compiled function: its parts are inlined (`inline`), since every separately compiled function
compiles all it calls again. Nothing allocates, so references to the arrays need no counting (`_nrt=False`;
see `nn.kernels.core.product`). A function that is called takes many units at once: passing the arrays of a
layer costs as much as a unit.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.simd import broadcast, load, load_scalar, multiply_add, store
from nn.kernels.core.subnormals import flush_subnormals, restore
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vector_activations import sigmoid, tanh
from nn.kernels.core.vector_arithmetic import select
from nn.kernels.recurrent.layout import (
    TILE,
    VECTOR,
    forward_phases,
    gate_row,
    gather,
    state_row,
    step_and_slots,
    width_of,
)
from nn.kernels.recurrent.tasks import do_forward, forward_tasks


class Layer(NamedTuple):
    """One layer in one direction, for kernels: flat arrays, sizes, and its direction.

    `peepholes` and `present` (1 where a step is there, else 0, (T, N)) are empty where there are none.
    `packed`, (4 * units, features + units), and `scratch` are working memory. The units are rows
    `output_row` onwards of `output_rows` in the outputs.
    """

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    biases: np.ndarray
    peepholes: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    present: np.ndarray
    inputs: np.ndarray
    gates: np.ndarray
    outputs: np.ndarray
    packed: np.ndarray
    scratch: np.ndarray
    steps: int
    features: int
    units: int
    histories: int
    output_row: int
    output_rows: int
    backward: bool


@kernel(inline=True)
def forward_step(layer, number, first, last, begin):
    """Take one step for units `first` to `last` of a slice: add the recurrent share."""
    step, before, _ = step_and_slots(layer, number)
    units, width = layer.units, width_of(layer, begin)
    hidden = Columns(layer.hidden, state_row(layer, begin, width, before * units), width, 0)
    for unit in range(first, last, TILE):
        rows = min(TILE, last - unit)
        sums = Target(layer.gates, gate_row(layer, begin, width, step * 4 * units + unit), width)
        for gate in range(4):
            left = Rows(layer.recurrent_weights, (gate * units + unit) * units, units, 1)
            target = Target(layer.gates, sums.offset + gate * units * width, width)
            multiply(left, hidden, target, rows, width, 1, units, True)
        update_units(layer, number, unit, rows, begin, sums, units * width)


@kernel(inline=True)
def forward_slice(layer, begin):
    """Take all steps for the slice of the histories that begins with number `begin`."""
    units, length, width = layer.units, layer.features + layer.units, width_of(layer, begin)
    seen = begin * (length + 4 * TILE)
    sums = Target(layer.scratch, seen + length * width, width)
    right = Columns(layer.scratch, seen, width, 0)
    for number in range(layer.steps):
        gather(layer, step_and_slots(layer, number)[0], begin, width, seen)
        for unit in range(0, units, TILE):
            rows = min(TILE, units - unit)
            for gate in range(4):
                left = Rows(layer.packed, (gate * units + unit) * length, length, 1)
                target = Target(layer.scratch, sums.offset + gate * TILE * width, width)
                multiply(left, right, target, rows, width, 1, length, False)
            update_units(layer, number, unit, rows, begin, sums, TILE * width)


@kernel(allocates=False, separately=True)
def update_units(layer, number, first, count, begin, sums, apart):
    """Turn the sums of the gates of some units of a slice into values, and write their cells and hidden ones.

    sums: those of the input gate, a row for each unit; those of the other gates are `apart` from each other.
    """
    step, before, after = step_and_slots(layer, number)
    units, width = layer.units, width_of(layer, begin)
    distance = units * width
    for unit in range(first, first + count):
        gates = gate_row(layer, begin, width, step * 4 * units + unit)
        old = state_row(layer, begin, width, before * units + unit)
        new = state_row(layer, begin, width, after * units + unit)
        bias_i = broadcast(load_scalar(layer.biases, unit))
        bias_f = broadcast(load_scalar(layer.biases, units + unit))
        bias_g = broadcast(load_scalar(layer.biases, 2 * units + unit))
        bias_o = broadcast(load_scalar(layer.biases, 3 * units + unit))
        for n in range(0, width, VECTOR):
            place = sums.offset + (unit - first) * sums.row + n
            cell = load(layer.cells, old + n)
            i = load(sums.array, place) + bias_i
            f = load(sums.array, place + apart) + bias_f
            if layer.peepholes.size:
                i = multiply_add(broadcast(load_scalar(layer.peepholes, unit)), cell, i)
                f = multiply_add(broadcast(load_scalar(layer.peepholes, units + unit)), cell, f)
            i, f = sigmoid(i), sigmoid(f)
            g = tanh(load(sums.array, place + 2 * apart) + bias_g)
            new_cell = multiply_add(f, cell, i * g)
            o = load(sums.array, place + 3 * apart) + bias_o
            if layer.peepholes.size:
                o = multiply_add(broadcast(load_scalar(layer.peepholes, 2 * units + unit)), new_cell, o)
            o = sigmoid(o)
            hidden = o * tanh(new_cell)
            store(layer.gates, gates + n, i)
            store(layer.gates, gates + n + distance, f)
            store(layer.gates, gates + n + 2 * distance, g)
            store(layer.gates, gates + n + 3 * distance, o)
            if layer.present.size:
                present = load(layer.present, step * layer.histories + begin + n)
                new_cell = select(present, new_cell, cell)
                hidden = select(present, hidden, load(layer.hidden, old + n))
            store(layer.cells, new + n, new_cell)
            store(layer.hidden, new + n, hidden)


@kernel(allocates=False, separately=True)
def forward_task(layer, blocks, phase, task):
    """Run one task of a phase."""
    state = flush_subnormals()
    do_forward(layer, blocks, phase, task, forward_step, forward_slice)
    restore(state)


@kernel(allocates=False)
def forward_serial(layer, blocks):
    """Run forward on one thread."""
    for phase in range(forward_phases(layer, blocks)):
        for task in range(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, task)


@kernel(parallel=True)
def forward_parallel(layer, blocks):
    """Run forward with the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(forward_phases(layer, blocks)):
        for task in prange(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, intp(task))
