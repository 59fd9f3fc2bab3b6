"""Gradients of the graph's rung o2, once the deltas of all steps are there.

A weight that one connection into a sum carries is found through the connection, with the target's
deltas in registers. Any other parameter is found through the list of those that carry it, and summed in
the order of that list. So every parameter is written by one thread.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.history import LANES
from nn.kernels.graph import SUM
from nn.kernels.graph_parallel import WIDE, prefetch_row, span_of
from nn.simd import broadcast, horizontal_sum, load, load_scalar, multiply_add


class Carriers(NamedTuple):
    """What carries the parameter number[j]: entries starts[j] to starts[j + 1].

    An entry's slopes are row `slope` in a step of deltas. They multiply row `value` of values, counted
    from the first row of the step; a bias multiplies 1, and its entries have no `value`.
    """

    number: np.ndarray
    starts: np.ndarray
    slope: np.ndarray
    value: np.ndarray


class Tasks(NamedTuple):
    """Where the chunks of work begin and end: positions, weights in the list, biases in the list."""

    positions: np.ndarray
    weights: np.ndarray
    biases: np.ndarray


@njit(cache=True, nogil=True, error_model="numpy")
def add_wide(span, row, numbers, values, first_row, deltas, delta, target, scale, entries):
    """Add the gradients of a row's weights, two vectors at a time. Its deltas begin at `delta`."""
    zero = broadcast(values.dtype.type(0))
    for n in range(0, entries - LANES, WIDE):
        left, right = load(deltas, delta + n), load(deltas, delta + n + LANES)
        for k in range(span.first, span.last):
            number = k + span.shift if span.gapless else load_scalar(numbers, k)
            prefetch_row(values, row, k, first_row, entries, n)
            if number >= 0:
                begin = (first_row + load_scalar(row, k)) * entries + n
                products = multiply_add(left, load(values, begin), zero)
                products = multiply_add(right, load(values, begin + LANES), products)
                target[number] += scale * horizontal_sum(products)


@njit(cache=True, nogil=True, error_model="numpy")
def add_narrow(span, row, numbers, values, first_row, deltas, delta, target, scale, entries):
    """Do for the last vector what `add_wide` does for pairs."""
    zero = broadcast(values.dtype.type(0))
    last = load(deltas, delta + entries - LANES)
    for k in range(span.first, span.last):
        number = k + span.shift if span.gapless else load_scalar(numbers, k)
        if number >= 0:
            begin = (first_row + load_scalar(row, k)) * entries + entries - LANES
            products = multiply_add(last, load(values, begin), zero)
            target[number] += scale * horizontal_sum(products)


@njit(cache=True, nogil=True, error_model="numpy")
def add_rows(neurons, rows, histories, target, scale, begin, end):
    """Add the gradients of the weights of the sums at some positions."""
    neuron, kind = neurons.neuron, neurons.kind
    starts, row, numbers, first_weight = rows
    values, deltas, entries = histories.values, histories.deltas, histories.entries
    for step in range(histories.steps):
        first_row, delta_row = (histories.lead + step) * neuron.size, step * histories.delta_rows
        for position in range(begin, end):
            if kind[position] == SUM:
                span = span_of(starts, first_weight, position)
                delta = (delta_row + neuron[position]) * entries
                add_wide(span, row, numbers, values, first_row, deltas, delta, target, scale, entries)
                if entries % WIDE:
                    add_narrow(span, row, numbers, values, first_row, deltas, delta, target, scale, entries)


@njit(cache=True, nogil=True, error_model="numpy")
def add_weights(carriers, count, histories, target, scale, begin, end):
    """Add the gradients of some of the weights that are found through their carriers."""
    entries = histories.entries
    for j in range(begin, end):
        total = broadcast(target.dtype.type(0))
        for step in range(histories.steps):
            first_row, delta_row = (histories.lead + step) * count, step * histories.delta_rows
            for n in range(0, entries, LANES):
                for e in range(carriers.starts[j], carriers.starts[j + 1]):
                    slopes = load(histories.deltas, (delta_row + carriers.slope[e]) * entries + n)
                    values = load(histories.values, (first_row + carriers.value[e]) * entries + n)
                    total = multiply_add(slopes, values, total)
        target[carriers.number[j]] += scale * horizontal_sum(total)


@njit(cache=True, nogil=True, error_model="numpy")
def add_biases(carriers, histories, target, scale, begin, end):
    """Add the gradients of some of the biases."""
    entries = histories.entries
    one = broadcast(target.dtype.type(1))
    for j in range(begin, end):
        total = broadcast(target.dtype.type(0))
        for step in range(histories.steps):
            for e in range(carriers.starts[j], carriers.starts[j + 1]):
                begin_row = (step * histories.delta_rows + carriers.slope[e]) * entries
                for n in range(begin_row, begin_row + entries, LANES):
                    total = multiply_add(one, load(histories.deltas, n), total)
        target[carriers.number[j]] += scale * horizontal_sum(total)


@njit(cache=True, nogil=True, error_model="numpy")
def run_task(neurons, rows, weights, biases, histories, targets, scale, tasks, task):
    """Add the gradients of one chunk of work."""
    row_tasks, weight_tasks = tasks.positions.size - 1, tasks.weights.size - 1
    if task < row_tasks:
        begin, end = tasks.positions[task], tasks.positions[task + 1]
        add_rows(neurons, rows, histories, targets.weights, scale, begin, end)
    elif task < row_tasks + weight_tasks:
        begin, end = tasks.weights[task - row_tasks], tasks.weights[task - row_tasks + 1]
        add_weights(weights, neurons.neuron.size, histories, targets.weights, scale, begin, end)
    else:
        task -= row_tasks + weight_tasks
        begin, end = tasks.biases[task], tasks.biases[task + 1]
        add_biases(biases, histories, targets.biases, scale, begin, end)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def gradients(neurons, rows, weights, biases, histories, targets, scale, tasks):
    """Add `scale` times all gradients to the targets, which may be the parameters themselves.

    No more tasks than one of each kind are not worth a second thread.
    """
    count = tasks.positions.size + tasks.weights.size + tasks.biases.size - 3
    if count <= 3:
        for task in range(count):
            run_task(neurons, rows, weights, biases, histories, targets, scale, tasks, task)
    else:
        for task in prange(count):
            run_task(neurons, rows, weights, biases, histories, targets, scale, tasks, task)
