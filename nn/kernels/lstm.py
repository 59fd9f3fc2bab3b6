"""Kernels of the LSTM's rung o2, forward: one layer in one direction, on explicit vectors.

Arrays are flat: inputs (T, inputs, N), hidden and cells (T + 1, units, N), gates (T, 4, units, N), in
the order input, forget, cell, output; N is a whole number of vectors. The input's share of all gates is
made ahead, so that a block of its weights is read once for all steps. Then a step is worked off in
blocks of units and of histories: the register tile adds the recurrent share of four gates, and while
they are in cache the block's cells and hidden values follow.

Histories never meet before the gradients: one thread can take a slice of them through all steps. Where
there are fewer slices than threads, or weights too large for a second-level cache to be read once per
slice, threads share the units of every step.

A task is one compiled function: what it is made of is put into it (`inline`), since every function that
is compiled on its own compiles all it calls again. Nothing allocates, so references to the arrays need
no counting (`_nrt=False`; see `nn.kernels.product`).
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.kernels.product import multiply
from nn.kernels.vector_activations import sigmoid, tanh
from nn.simd import broadcast, load, load_scalar, multiply_add, store
from nn.tile import Columns, Rows, Target
from nn.vector_arithmetic import choose

VECTOR = 16
TILE = 8


class Layer(NamedTuple):
    """One layer in one direction, for kernels: flat arrays, sizes, and its direction.

    `peepholes` and `present` (1 where a step is there, else 0, (T, N)) are empty where there are none.
    """

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    biases: np.ndarray
    peepholes: np.ndarray
    present: np.ndarray
    inputs: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    gates: np.ndarray
    steps: int
    features: int
    units: int
    histories: int
    backward: bool


class Blocks(NamedTuple):
    """How work is cut: rows of gates and units of a block (whole tiles), histories of a slice (vectors).

    `over_units` says whether threads share the units of every step, not the histories.
    """

    rows: int
    units: int
    histories: int
    over_units: bool


@njit(nogil=True, error_model="numpy", inline="always")
def step_and_slots(layer, number):
    """Return the step that is taken as number `number`, and its slots before and after."""
    if layer.backward:
        step = layer.steps - 1 - number
        return step, step + 1, step
    return number, number, number + 1


@njit(nogil=True, error_model="numpy", inline="always")
def add_share(layer, step, row, rows, begin, end, share):
    """Make sums of gates: share 0, the input's, replaces what is there; share 1, the recurrent, adds."""
    units, features, histories = layer.units, layer.features, layer.histories
    before = step + (1 if layer.backward else 0)
    target = Target(layer.gates, (step * 4 * units + row) * histories + begin, histories)
    if share:
        k, left = units, Rows(layer.recurrent_weights, row * units, units, 1)
        right = Columns(layer.hidden, before * units * histories + begin, histories, 0)
    else:
        k, left = features, Rows(layer.input_weights, row * features, features, 1)
        right = Columns(layer.inputs, step * features * histories + begin, histories, 0)
    multiply(left, right, target, rows, end - begin, 1, k, share == 1)


@njit(nogil=True, error_model="numpy", inline="always")
def input_block(layer, blocks, task):
    """Write the input's share of the gates: task number block * steps + step."""
    first, step = task // layer.steps * blocks.rows, task % layer.steps
    add_share(layer, step, first, min(blocks.rows, 4 * layer.units - first), 0, layer.histories, 0)


@njit(nogil=True, error_model="numpy", inline="always")
def count_of(whole, part):
    """Return how many parts there are, the last one perhaps smaller."""
    return (whole + part - 1) // part


@njit(nogil=True, error_model="numpy", inline="always")
def forward_step(layer, number, first, last, begin, end):
    """Take one step for units `first` to `last` and histories `begin` to `end`."""
    step, _, _ = step_and_slots(layer, number)
    for unit in range(first, last, TILE):
        rows = min(TILE, last - unit)
        for gate in range(4):
            add_share(layer, step, gate * layer.units + unit, rows, begin, end, 1)
        for row in range(unit, unit + rows):
            update_unit(layer, number, row, begin, end)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def update_unit(layer, number, unit, begin, end):
    """Turn the sums of a unit's gates into their values, and write its cell and hidden value."""
    step, before, after = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    gates, distance = step * 4 * units * histories + unit * histories, units * histories
    old, new = (before * units + unit) * histories, (after * units + unit) * histories
    bias_i = broadcast(load_scalar(layer.biases, unit))
    bias_f = broadcast(load_scalar(layer.biases, units + unit))
    bias_g = broadcast(load_scalar(layer.biases, 2 * units + unit))
    bias_o = broadcast(load_scalar(layer.biases, 3 * units + unit))
    for n in range(begin, end, VECTOR):
        place = gates + n
        cell = load(layer.cells, old + n)
        i = load(layer.gates, place) + bias_i
        f = load(layer.gates, place + distance) + bias_f
        if layer.peepholes.size:
            i = multiply_add(broadcast(load_scalar(layer.peepholes, unit)), cell, i)
            f = multiply_add(broadcast(load_scalar(layer.peepholes, units + unit)), cell, f)
        i, f = sigmoid(i), sigmoid(f)
        g = tanh(load(layer.gates, place + 2 * distance) + bias_g)
        new_cell = multiply_add(f, cell, i * g)
        o = load(layer.gates, place + 3 * distance) + bias_o
        if layer.peepholes.size:
            o = multiply_add(broadcast(load_scalar(layer.peepholes, 2 * units + unit)), new_cell, o)
        o = sigmoid(o)
        hidden = o * tanh(new_cell)
        store(layer.gates, place, i)
        store(layer.gates, place + distance, f)
        store(layer.gates, place + 2 * distance, g)
        store(layer.gates, place + 3 * distance, o)
        if layer.present.size:
            present = load(layer.present, step * histories + n)
            new_cell = choose(present, new_cell, cell)
            hidden = choose(present, hidden, load(layer.hidden, old + n))
        store(layer.cells, new + n, new_cell)
        store(layer.hidden, new + n, hidden)


@njit(nogil=True, error_model="numpy", inline="always")
def forward_slice(layer, blocks, number):
    """Take all steps for slice number `number` of the histories."""
    begin = number * blocks.histories
    end = min(begin + blocks.histories, layer.histories)
    for step in range(layer.steps):
        forward_step(layer, step, 0, layer.units, begin, end)


@njit(nogil=True, error_model="numpy", inline="always")
def forward_phases(layer, blocks):
    """Return the number of phases: the input's share, then every step, or slices through all of them."""
    return 1 + (layer.steps if blocks.over_units else 1)


@njit(nogil=True, error_model="numpy", inline="always")
def forward_tasks(layer, blocks, phase):
    """Return the number of tasks of a phase, which may be done in any order."""
    if phase == 0:
        return count_of(4 * layer.units, blocks.rows) * layer.steps
    if blocks.over_units:
        return count_of(layer.units, blocks.units)
    return count_of(layer.histories, blocks.histories)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def forward_task(layer, blocks, phase, task):
    """Do one task of a phase."""
    if phase == 0:
        input_block(layer, blocks, task)
    elif blocks.over_units:
        first = task * blocks.units
        last = min(first + blocks.units, layer.units)
        forward_step(layer, phase - 1, first, last, 0, layer.histories)
    else:
        forward_slice(layer, blocks, task)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def forward_serial(layer, blocks):
    """Run forward on one thread."""
    for phase in range(forward_phases(layer, blocks)):
        for task in range(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, task)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def forward_parallel(layer, blocks):
    """Run forward with the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(forward_phases(layer, blocks)):
        for task in prange(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, task)
