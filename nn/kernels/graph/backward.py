"""Kernels of the graph's rung o2, backward: signals gathered from what a neuron feeds, gradients on the way.

A weight that one connection into a sum carries, and no other one, is met once in every step, by the
thread that has the connection's source. The row of deltas it reads serves both the signal of the source
and the gradient of the weight: random rows are what takes the time.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from nn.history import LANES
from nn.kernels.core.activations import multiply_by_derivative
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, load_scalar, multiply_add, store
from nn.kernels.core.vectors import fill
from nn.kernels.graph.forward import NEURON_WORK, WORTH_A_REGION
from nn.kernels.graph.loops import INPUT, SUM
from nn.kernels.graph.own_runs import own_run_eight, own_run_four, own_run_many, own_run_one, own_run_two
from nn.kernels.graph.runs import (
    QUAD,
    WIDE,
    add_biases,
    rest_run,
    row_weight,
    span_of,
)


class Neurons(NamedTuple):
    """Neurons in an order of computation, the last ones first, as `nn.kernels.graph.forward.Neurons`.

    `bias` is the number of a bias that no other neuron has, or -1. `given` tells whose signals start with
    those of the outputs, and `slope_row` is a product's first row of slopes in a step of deltas.
    """

    neuron: np.ndarray
    kind: np.ndarray
    code: np.ndarray
    slope: np.ndarray
    bias: np.ndarray
    run_end: np.ndarray
    given: np.ndarray
    slope_row: np.ndarray


@kernel(allocates=False)
def product_slopes(span, row, numbers, weights, values, first_row, deltas, delta, slopes, entries):
    """Write delta times all other terms for every connection into a product, one row each.

    The products of the terms before come first, then those of the terms after, which the row of the
    product's own delta collects. `delta` and `slopes` are where those rows of `deltas` begin.
    """
    zero, before = broadcast(weights.dtype.type(0)), slopes
    fill(deltas, slopes, entries, weights.dtype.type(1))
    for k in range(span.first, span.last - 1):
        weight = broadcast(row_weight(span, numbers, weights, k))
        begin = (first_row + load_scalar(row, k)) * entries
        for n in range(0, entries, LANES):
            term = multiply_add(weight, load(values, begin + n), zero)
            store(deltas, before + entries + n, multiply_add(term, load(deltas, before + n), zero))
        before += entries
    for k in range(span.last - 1, span.first - 1, -1):
        weight = broadcast(row_weight(span, numbers, weights, k))
        begin = (first_row + load_scalar(row, k)) * entries
        for n in range(0, entries, LANES):
            after = load(deltas, delta + n)
            store(deltas, before + n, multiply_add(after, load(deltas, before + n), zero))
            term = multiply_add(weight, load(values, begin + n), zero)
            store(deltas, delta + n, multiply_add(after, term, zero))
        before -= entries


@kernel(allocates=False)
def finish_run(neurons, factors, weights, targets, histories, step, run, last):
    """Compute the deltas of a run of neurons from their signals, the slopes of products, and add biases."""
    neuron, kind, code, slope, bias, _, _, slope_row = neurons
    values, deltas, entries = histories.values, histories.deltas, histories.entries
    first_row, delta_row = (histories.lead + step) * neuron.size, step * histories.delta_rows
    start = (step * neuron.size + neuron[run]) * entries
    at, to = (first_row + neuron[run]) * entries, (delta_row + neuron[run]) * entries
    size = (last - run) * entries
    multiply_by_derivative(
        code[run],
        slope[run],
        values[at : at + size],
        histories.signals[start : start + size],
        deltas[to : to + size],
    )
    if kind[run] == SUM:
        add_biases(run, last, bias, deltas, to, entries, targets.biases, targets.scale)
        return
    for position in range(run, last):
        span = span_of(factors.starts, factors.first_weight, position)
        if span.last > span.first:
            own, slopes = to + (position - run) * entries, (delta_row + slope_row[position]) * entries
            product_slopes(
                span, factors.row, factors.weight, weights, values, first_row, deltas, own, slopes, entries
            )


@kernel(allocates=False, separately=True)
def backward_range(neurons, factors, own, rest, weights, targets, histories, step, begin, end):
    """Compute signals, deltas and gradients of the neurons at some positions at one step."""
    neuron, kind, run_end, given = neurons.neuron, neurons.kind, neurons.run_end, neurons.given
    entries, first_row = histories.entries, (histories.lead + step) * neuron.size
    delta_row = step * histories.delta_rows
    run = begin
    while run < end:
        last = min(run_end[run], end)
        to, at = (step * neuron.size + neuron[run]) * entries, (first_row + neuron[run]) * entries
        if entries == WIDE:
            own_run_two(run, last, given, own, weights, targets, histories, delta_row, to, at)
        elif entries == QUAD:
            own_run_four(run, last, given, own, weights, targets, histories, delta_row, to, at)
        elif entries == 2 * QUAD:
            own_run_eight(run, last, given, own, weights, targets, histories, delta_row, to, at)
        elif entries == LANES:
            own_run_one(run, last, given, own, weights, targets, histories, delta_row, to, at)
        else:
            own_run_many(run, last, given, own, weights, targets, histories, delta_row, to, at)
        if rest.starts[last] > rest.starts[run] and (histories.propagates or kind[run] != INPUT):
            rest_run(run, last, rest, weights, histories.deltas, delta_row, histories.signals, to, entries)
        if kind[run] != INPUT:
            finish_run(neurons, factors, weights, targets, histories, step, run, last)
        run = last


@kernel(parallel=True)
def backward(neurons, factors, own, rest, weights, targets, histories, schedule):
    """Compute signals, deltas and gradients of all steps, chunks of a stage in parallel where that pays.

    Of the connections out of neurons, `own` go into a sum with a weight that no other one carries, `rest` are
    the others; `factors` go into products.
    """
    for back in range(histories.steps):
        step = histories.steps - 1 - back
        for stage in range(schedule.stages.size - 1):
            first, last = schedule.stages[stage], schedule.stages[stage + 1]
            begin, end = schedule.bounds[first], schedule.bounds[last]
            terms = own.starts[end] - own.starts[begin] + rest.starts[end] - rest.starts[begin]
            work = terms + NEURON_WORK * (end - begin)
            if last - first == 1 or work * histories.entries < WORTH_A_REGION:
                backward_range(neurons, factors, own, rest, weights, targets, histories, step, begin, end)
            else:
                for chunk in prange(first, last):
                    begin, end = schedule.bounds[chunk], schedule.bounds[chunk + 1]
                    backward_range(neurons, factors, own, rest, weights, targets, histories, step, begin, end)
