"""Kernels of the GRU's rung o2, forward: one layer in one direction, on explicit vectors.

Arrays are flat: inputs (T, inputs, N), hidden (T + 1, units, N), gates (T, 4, units, N) in the order
reset, update, candidate and what the hidden values say of the candidate; N is a whole number of vectors.
Work is cut as in `nn.kernels.lstm`: the input's share of three gates is made ahead; then slices of the
histories go through all steps, or blocks of units through one step after another.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.kernels.lstm import TILE, VECTOR, count_of, forward_phases, step_and_slots
from nn.kernels.product import multiply
from nn.kernels.vector_activations import sigmoid, tanh
from nn.simd import broadcast, load, load_scalar, multiply_add, store
from nn.tile import Columns, Rows, Target
from nn.vector_arithmetic import choose


class Layer(NamedTuple):
    """One layer in one direction, for kernels: flat arrays, sizes, and its direction.

    `present` (1 where a step is there, else 0, (T, N)) is empty where all are.
    """

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    biases: np.ndarray
    recurrent_biases: np.ndarray
    present: np.ndarray
    inputs: np.ndarray
    hidden: np.ndarray
    gates: np.ndarray
    steps: int
    features: int
    units: int
    histories: int
    backward: bool


@njit(nogil=True, error_model="numpy", inline="always")
def input_block(layer, blocks, task):
    """Write the input's share of three gates: task number block * steps + step."""
    first, step = task // layer.steps * blocks.rows, task % layer.steps
    rows = min(blocks.rows, 3 * layer.units - first)
    features, histories = layer.features, layer.histories
    left = Rows(layer.input_weights, first * features, features, 1)
    right = Columns(layer.inputs, step * features * histories, histories, 0)
    target = Target(layer.gates, (step * 4 * layer.units + first) * histories, histories)
    multiply(left, right, target, rows, histories, 1, features, False)


@njit(nogil=True, error_model="numpy", inline="always")
def forward_step(layer, number, first, last, begin, end):
    """Take one step for units `first` to `last` and histories `begin` to `end`.

    The recurrent share is added to reset and update gate; that of the candidate is a row of its own.
    """
    step, before, _ = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    hidden = Columns(layer.hidden, before * units * histories + begin, histories, 0)
    for unit in range(first, last, TILE):
        rows = min(TILE, last - unit)
        for gate in range(3):
            left = Rows(layer.recurrent_weights, (gate * units + unit) * units, units, 1)
            row = (step * 4 + (gate if gate < 2 else 3)) * units + unit
            target = Target(layer.gates, row * histories + begin, histories)
            multiply(left, hidden, target, rows, end - begin, 1, units, gate < 2)
        for row in range(unit, unit + rows):
            update_unit(layer, number, row, begin, end)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def update_unit(layer, number, unit, begin, end):
    """Turn the sums of a unit's gates into their values, and write its hidden value."""
    step, before, after = step_and_slots(layer, number)
    units, histories = layer.units, layer.histories
    gates, distance = (step * 4 * units + unit) * histories, units * histories
    old, new = (before * units + unit) * histories, (after * units + unit) * histories
    bias_r = broadcast(load_scalar(layer.biases, unit))
    bias_z = broadcast(load_scalar(layer.biases, units + unit))
    bias_n = broadcast(load_scalar(layer.biases, 2 * units + unit))
    bias_m = broadcast(load_scalar(layer.recurrent_biases, unit))
    for n in range(begin, end, VECTOR):
        place = gates + n
        before_it = load(layer.hidden, old + n)
        r = sigmoid(load(layer.gates, place) + bias_r)
        z = sigmoid(load(layer.gates, place + distance) + bias_z)
        recurrent = load(layer.gates, place + 3 * distance) + bias_m
        candidate = tanh(multiply_add(r, recurrent, load(layer.gates, place + 2 * distance) + bias_n))
        hidden = multiply_add(z, before_it - candidate, candidate)
        store(layer.gates, place, r)
        store(layer.gates, place + distance, z)
        store(layer.gates, place + 2 * distance, candidate)
        store(layer.gates, place + 3 * distance, recurrent)
        if layer.present.size:
            hidden = choose(load(layer.present, step * histories + n), hidden, before_it)
        store(layer.hidden, new + n, hidden)


@njit(nogil=True, error_model="numpy", inline="always")
def forward_slice(layer, blocks, number):
    """Take all steps for slice number `number` of the histories."""
    begin = number * blocks.histories
    end = min(begin + blocks.histories, layer.histories)
    for step in range(layer.steps):
        forward_step(layer, step, 0, layer.units, begin, end)


@njit(nogil=True, error_model="numpy", inline="always")
def forward_tasks(layer, blocks, phase):
    """Return the number of tasks of a phase."""
    if phase == 0:
        return count_of(3 * layer.units, blocks.rows) * layer.steps
    if blocks.over_units:
        return count_of(layer.units, blocks.units)
    return count_of(layer.histories, blocks.histories)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def forward_task(layer, blocks, phase, task):
    """Do one task of a phase; they may be done in any order."""
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
    """Run all phases on one thread."""
    for phase in range(forward_phases(layer, blocks)):
        for task in range(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, task)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def forward_parallel(layer, blocks):
    """Run the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(forward_phases(layer, blocks)):
        for task in prange(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, task)
