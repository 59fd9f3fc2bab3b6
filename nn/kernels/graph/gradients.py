"""Gradients of the graph's rung o2 that wait until the deltas of all steps are there: shared parameters.

Each is found through the list of its carriers, and summed in the order of that list. So every
parameter is written by one thread.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, horizontal_sum, load, multiply_add
from nn.kernels.core.sums import sum_range


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
    """Where the chunks of work begin and end: weights in the list, biases in the list."""

    weights: np.ndarray
    biases: np.ndarray


@kernel
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


@kernel
def add_biases(carriers, histories, target, scale, begin, end):
    """Add the gradients of some of the biases."""
    entries = histories.entries
    for j in range(begin, end):
        total = 0.0
        for step in range(histories.steps):
            for e in range(carriers.starts[j], carriers.starts[j + 1]):
                begin_row = (step * histories.delta_rows + carriers.slope[e]) * entries
                total += sum_range(histories.deltas, begin_row, entries)
        target[carriers.number[j]] += scale * total


@kernel(separately=True)
def run_task(weights, biases, count, histories, targets, tasks, task):
    """Add the gradients of one chunk of work."""
    weight_tasks = tasks.weights.size - 1
    if task < weight_tasks:
        begin, end = tasks.weights[task], tasks.weights[task + 1]
        add_weights(weights, count, histories, targets.weights, targets.scale, begin, end)
    else:
        begin, end = tasks.biases[task - weight_tasks], tasks.biases[task - weight_tasks + 1]
        add_biases(biases, histories, targets.biases, targets.scale, begin, end)


@kernel(parallel=True)
def gradients(weights, biases, count, histories, targets, tasks):
    """Add `scale` times all gradients to the targets, which may be the parameters themselves.

    No more tasks than one of each kind are not worth a second thread. `count` is that of the neurons.
    """
    chunks = tasks.weights.size + tasks.biases.size - 2
    if chunks <= 2:
        for task in range(chunks):
            run_task(weights, biases, count, histories, targets, tasks, task)
    else:
        for task in prange(chunks):
            run_task(weights, biases, count, histories, targets, tasks, intp(task))
