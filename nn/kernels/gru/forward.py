"""Kernels of the GRU, forward: one layer in one direction, on explicit vectors.

Arrays are flat: inputs (T, inputs, N), outputs (T, units of all directions, N) and, slice after slice as
described in `nn.kernels.recurrent.layout`, hidden (T + 1, units, N) and gates (T, 4, units, N) in the order
reset, update, candidate and the hidden values' share of the candidate; N is a whole number of vectors.
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

    `present` (1 where a step is there, else 0, (T, N)) is empty where all are. `packed`, (3 * units,
    features + units), and `scratch` are working memory. The units are rows `output_row` onwards of
    `output_rows` in the outputs.
    """

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    biases: np.ndarray
    recurrent_biases: np.ndarray
    hidden: np.ndarray
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
    """Take one step for units `first` to `last` of a slice.

    The recurrent share is added to reset and update gate; that of the candidate is a row of its own.
    """
    step, before, _ = step_and_slots(layer, number)
    units, width = layer.units, width_of(layer, begin)
    hidden = Columns(layer.hidden, state_row(layer, begin, width, before * units), width, 0)
    for unit in range(first, last, TILE):
        rows = min(TILE, last - unit)
        sums = Target(layer.gates, gate_row(layer, begin, width, step * 4 * units + unit), width)
        for gate in range(3):
            left = Rows(layer.recurrent_weights, (gate * units + unit) * units, units, 1)
            row = gate if gate < 2 else 3
            target = Target(layer.gates, sums.offset + row * units * width, width)
            multiply(left, hidden, target, rows, width, 1, units, gate < 2)
        update_units(layer, number, unit, rows, begin, sums, units * width)


@kernel(inline=True)
def forward_slice(layer, begin):
    """Take all steps for the slice of the histories that begins with number `begin`."""
    features, units, width = layer.features, layer.units, width_of(layer, begin)
    length = features + units
    seen = begin * (length + 4 * TILE)
    sums = Target(layer.scratch, seen + length * width, width)
    for number in range(layer.steps):
        gather(layer, step_and_slots(layer, number)[0], begin, width, seen)
        for unit in range(0, units, TILE):
            rows = min(TILE, units - unit)
            for gate in range(4):
                skipped = features if gate == 3 else 0
                seen_by_it = (features if gate == 2 else length) - skipped
                row = min(gate, 2) * units + unit
                left = Rows(layer.packed, row * length + skipped, length, 1)
                right = Columns(layer.scratch, seen + skipped * width, width, 0)
                target = Target(layer.scratch, sums.offset + gate * TILE * width, width)
                multiply(left, right, target, rows, width, 1, seen_by_it, False)
            update_units(layer, number, unit, rows, begin, sums, TILE * width)


@kernel(allocates=False, separately=True)
def update_units(layer, number, first, count, begin, sums, apart):
    """Turn the sums of the gates of some units of a slice into their values, and write the hidden values.

    sums: those of the reset gate, a row for each unit; those of the other gates are `apart` from each other.
    """
    step, before, after = step_and_slots(layer, number)
    units, width = layer.units, width_of(layer, begin)
    distance = units * width
    for unit in range(first, first + count):
        gates = gate_row(layer, begin, width, step * 4 * units + unit)
        old = state_row(layer, begin, width, before * units + unit)
        new = state_row(layer, begin, width, after * units + unit)
        bias_r = broadcast(load_scalar(layer.biases, unit))
        bias_z = broadcast(load_scalar(layer.biases, units + unit))
        bias_n = broadcast(load_scalar(layer.biases, 2 * units + unit))
        bias_m = broadcast(load_scalar(layer.recurrent_biases, unit))
        for n in range(0, width, VECTOR):
            place = sums.offset + (unit - first) * sums.row + n
            before_it = load(layer.hidden, old + n)
            r = sigmoid(load(sums.array, place) + bias_r)
            z = sigmoid(load(sums.array, place + apart) + bias_z)
            recurrent = load(sums.array, place + 3 * apart) + bias_m
            candidate = tanh(multiply_add(r, recurrent, load(sums.array, place + 2 * apart) + bias_n))
            hidden = multiply_add(z, before_it - candidate, candidate)
            store(layer.gates, gates + n, r)
            store(layer.gates, gates + n + distance, z)
            store(layer.gates, gates + n + 2 * distance, candidate)
            store(layer.gates, gates + n + 3 * distance, recurrent)
            if layer.present.size:
                hidden = select(load(layer.present, step * layer.histories + begin + n), hidden, before_it)
            store(layer.hidden, new + n, hidden)


@kernel(allocates=False, separately=True)
def forward_task(layer, blocks, phase, task):
    """Run one task of a phase."""
    state = flush_subnormals()
    do_forward(layer, blocks, phase, task, forward_step, forward_slice)
    restore(state)


@kernel(allocates=False)
def forward_serial(layer, blocks):
    """Run all phases on one thread."""
    for phase in range(forward_phases(layer, blocks)):
        for task in range(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, task)


@kernel(parallel=True)
def forward_parallel(layer, blocks):
    """Run the tasks of a phase in parallel; one loop for all, as each is compiled on its own."""
    for phase in range(forward_phases(layer, blocks)):
        for task in prange(forward_tasks(layer, blocks, phase)):
            forward_task(layer, blocks, phase, intp(task))
