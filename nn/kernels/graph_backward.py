"""Kernels of the graph's rung o2, backward: signals gathered from what a neuron feeds, gradients on the way.

A weight that one connection into a sum carries, and no other one, is met once in every step, by the
thread that has the connection's source. The row of deltas it reads serves both the signal of the source
and the gradient of the weight: random rows are what takes the time.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.history import LANES
from nn.kernels.activations import multiply_by_derivative
from nn.kernels.graph import INPUT, SUM
from nn.kernels.graph_parallel import (
    AHEAD,
    WIDE,
    fill,
    gather_narrow,
    gather_wide,
    prefetch_row,
    row_weight,
    span_of,
)
from nn.simd import broadcast, horizontal_sum, load, load_scalar, multiply_add, prefetch, store


class Targets(NamedTuple):
    """What `scale` times the gradients is added to; in a single step it may be the parameters themselves."""

    weights: np.ndarray
    biases: np.ndarray
    scale: float


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def prefetch_own(row, numbers, weights, target, k):
    """Ask for the weight of connection k + AHEAD and for its gradient."""
    number = load_scalar(numbers, min(k + AHEAD, row.size - 1))
    prefetch(weights, number)
    prefetch(target, number)


@njit(cache=True, nogil=True, error_model="numpy")
def gather_own_one(span, row, numbers, weights, target, scale, deltas, first_row, signals, to, values, at):
    """Do what `gather_own_two` does where a row is one vector."""
    zero = broadcast(weights.dtype.type(0))
    total, value = load(signals, to), load(values, at)
    for k in range(span.first, span.last):
        prefetch(deltas, (first_row + load_scalar(row, min(k + AHEAD, row.size - 1))) * LANES)
        prefetch_own(row, numbers, weights, target, k)
        number, delta = load_scalar(numbers, k), load(deltas, (first_row + load_scalar(row, k)) * LANES)
        total = multiply_add(broadcast(load_scalar(weights, number)), delta, total)
        target[number] += scale * horizontal_sum(multiply_add(value, delta, zero))
    store(signals, to, total)


@njit(cache=True, nogil=True, error_model="numpy")
def gather_own_two(span, row, numbers, weights, target, scale, deltas, first_row, signals, to, values, at):
    """Add to the signals that begin at `to`, and add the gradients of the weights: rows of two vectors.

    The values of the neuron begin at `at`.
    """
    zero = broadcast(weights.dtype.type(0))
    left, right = load(signals, to), load(signals, to + LANES)
    value_left, value_right = load(values, at), load(values, at + LANES)
    for k in range(span.first, span.last):
        prefetch_row(deltas, row, k, first_row, WIDE, 0)
        prefetch_own(row, numbers, weights, target, k)
        number, delta = load_scalar(numbers, k), (first_row + load_scalar(row, k)) * WIDE
        weight = broadcast(load_scalar(weights, number))
        delta_left, delta_right = load(deltas, delta), load(deltas, delta + LANES)
        left = multiply_add(weight, delta_left, left)
        right = multiply_add(weight, delta_right, right)
        products = multiply_add(value_left, delta_left, zero)
        products = multiply_add(value_right, delta_right, products)
        target[number] += scale * horizontal_sum(products)
    store(signals, to, left)
    store(signals, to + LANES, right)


@njit(cache=True, nogil=True, error_model="numpy")
def gather_own_many(
    span, row, numbers, weights, target, scale, deltas, first_row, signals, to, values, at, entries
):
    """Do what `gather_own_two` does for rows of any length, with the sums in the nearest cache."""
    for k in range(span.first, span.last):
        prefetch_own(row, numbers, weights, target, k)
        ahead = (first_row + load_scalar(row, min(k + 2, row.size - 1))) * entries
        number, delta = load_scalar(numbers, k), (first_row + load_scalar(row, k)) * entries
        weight, products = broadcast(load_scalar(weights, number)), broadcast(weights.dtype.type(0))
        for n in range(0, entries, LANES):
            prefetch(deltas, ahead + n)
            here = load(deltas, delta + n)
            store(signals, to + n, multiply_add(weight, here, load(signals, to + n)))
            products = multiply_add(load(values, at + n), here, products)
        target[number] += scale * horizontal_sum(products)


@njit(cache=True, nogil=True, error_model="numpy")
def add_bias(number, deltas, begin, entries, target, scale):
    """Add the gradient of the bias of the neuron whose deltas begin at `begin`."""
    one, total = broadcast(target.dtype.type(1)), broadcast(target.dtype.type(0))
    for n in range(begin, begin + entries, LANES):
        total = multiply_add(one, load(deltas, n), total)
    target[number] += scale * horizontal_sum(total)


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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
    for position in range(run, last):
        own = to + (position - run) * entries
        if bias[position] >= 0:
            add_bias(bias[position], deltas, own, entries, targets.biases, targets.scale)
        span = span_of(factors.starts, factors.first_weight, position)
        if kind[run] != SUM and span.last > span.first:
            slopes = (delta_row + slope_row[position]) * entries
            product_slopes(
                span, factors.row, factors.weight, weights, values, first_row, deltas, own, slopes, entries
            )


@njit(cache=True, nogil=True, error_model="numpy")
def backward_range(neurons, factors, own, rest, weights, targets, histories, step, begin, end, propagates):
    """Compute signals, deltas and gradients of the neurons at some positions at one step."""
    neuron, kind, run_end, given = neurons.neuron, neurons.kind, neurons.run_end, neurons.given
    own_starts, own_row, own_numbers, own_first = own
    starts, row, numbers, first_weight = rest
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    entries, first_row = histories.entries, (histories.lead + step) * neuron.size
    delta_row = step * histories.delta_rows
    position = begin
    while position < end:
        run, last = position, min(run_end[position], end)
        to, at = (step * neuron.size + neuron[run]) * entries, (first_row + neuron[run]) * entries
        for position in range(run, last):
            if not given[position]:
                fill(signals, to, entries, weights.dtype.type(0))
            span = span_of(own_starts, own_first, position)
            if entries == WIDE:
                gather_own_two(
                    span,
                    own_row,
                    own_numbers,
                    weights,
                    target,
                    scale,
                    deltas,
                    delta_row,
                    signals,
                    to,
                    values,
                    at,
                )
            elif entries == LANES:
                gather_own_one(
                    span,
                    own_row,
                    own_numbers,
                    weights,
                    target,
                    scale,
                    deltas,
                    delta_row,
                    signals,
                    to,
                    values,
                    at,
                )
            else:
                gather_own_many(
                    span,
                    own_row,
                    own_numbers,
                    weights,
                    target,
                    scale,
                    deltas,
                    delta_row,
                    signals,
                    to,
                    values,
                    at,
                    entries,
                )
            if propagates or kind[run] != INPUT:
                span = span_of(starts, first_weight, position)
                gather_wide(span, row, numbers, weights, deltas, delta_row, signals, to, entries)
                if entries % WIDE:
                    gather_narrow(span, row, numbers, weights, deltas, delta_row, signals, to, entries)
            to += entries
            at += entries
        position = last
        if kind[run] != INPUT:
            finish_run(neurons, factors, weights, targets, histories, step, run, last)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def backward(neurons, factors, own, rest, weights, targets, histories, schedule, propagates):
    """Compute signals, deltas and gradients of all steps, the chunks of a stage in parallel.

    `own` are the connections into a sum whose weight no other one carries, `rest` are all others.
    """
    for back in range(histories.steps):
        step = histories.steps - 1 - back
        for stage in range(schedule.stages.size - 1):
            first, last = schedule.stages[stage], schedule.stages[stage + 1]
            if last - first == 1:
                begin, end = schedule.bounds[first], schedule.bounds[last]
                backward_range(
                    neurons, factors, own, rest, weights, targets, histories, step, begin, end, propagates
                )
            else:
                for chunk in prange(first, last):
                    begin, end = schedule.bounds[chunk], schedule.bounds[chunk + 1]
                    backward_range(
                        neurons, factors, own, rest, weights, targets, histories, step, begin, end, propagates
                    )
