"""Loops of the graph's rung o2 over a run of neurons: rows of connections with their sums in registers.

Nothing here allocates, so that references to arrays are not counted (`_nrt=False`): counting them, with
atomic operations, costs as much as ten connections, and more where threads share the count.
"""

from typing import NamedTuple

import numpy as np

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, horizontal_sum, load, load_scalar, multiply_add, prefetch, store
from nn.kernels.core.sums import sum_range

WIDE = 2 * LANES

AHEAD = 24
"""Connections between asking for a row of deltas, a weight and its gradient, and using them."""


class Rows(NamedTuple):
    """Connections of the neuron at position p: starts[p] to starts[p + 1].

    `row` added to the step's first row is the row of histories that a connection reads: values for
    connections into the neuron, deltas for those out of it. `weight` is the number of a weight or -1
    for a fixed 1. Where the numbers of a neuron's weights run on without a gap, `first_weight` is the
    first of them, else -1.
    """

    starts: np.ndarray
    row: np.ndarray
    weight: np.ndarray
    first_weight: np.ndarray


class Histories(NamedTuple):
    """Histories of a backward pass, flat, and their sizes; whether signals of inputs are wanted."""

    values: np.ndarray
    signals: np.ndarray
    deltas: np.ndarray
    entries: int
    steps: int
    lead: int
    delta_rows: int
    propagates: bool


class Targets(NamedTuple):
    """What `scale` times the gradients is added to; in a single step it may be the parameters themselves."""

    weights: np.ndarray
    biases: np.ndarray
    scale: float


class Span(NamedTuple):
    """The connections of one row, `first` to `last`. If `gapless`, number k has the weight k + `shift`."""

    first: int
    last: int
    shift: int
    gapless: bool


@kernel(allocates=False)
def span_of(starts, first_weight, position):
    """Return the row of connections at a position."""
    first, number = starts[position], first_weight[position]
    return Span(first, starts[position + 1], number - first, number >= 0)


@kernel(inline=True)
def row_weight(span, numbers, weights, k):
    """Return the weight of connection k; where the numbers have no gap there is none to look up."""
    number = k + span.shift if span.gapless else load_scalar(numbers, k)
    return load_scalar(weights, number) if number >= 0 else weights.dtype.type(1)


@kernel(allocates=False)
def sum_run(run, last, rows, trained, bias_of, source, first_row, target, to, entries):
    """Write bias + sum of weight * source row for the neurons at some positions, whose rows begin at `to`.

    Two vectors at a time, and the last one of an odd number. Every other connection has sums of
    its own: a sum waits for the one before as long as for what it adds.
    """
    starts, row, numbers, first_weight = rows
    weights, biases = trained
    zero, one = broadcast(weights.dtype.type(0)), broadcast(weights.dtype.type(1))
    for position in range(run, last):
        span, number = span_of(starts, first_weight, position), load_scalar(bias_of, position)
        bias = broadcast(load_scalar(biases, number)) if number >= 0 else zero
        for n in range(0, entries - LANES, WIDE):
            origin = first_row * entries + n
            left = right = bias
            other_left = other_right = zero
            k = span.first
            while k < span.last - 1:
                weight = broadcast(row_weight(span, numbers, weights, k))
                begin = origin + load_scalar(row, k) * entries
                left = multiply_add(weight, load(source, begin), left)
                right = multiply_add(weight, load(source, begin + LANES), right)
                weight = broadcast(row_weight(span, numbers, weights, k + 1))
                begin = origin + load_scalar(row, k + 1) * entries
                other_left = multiply_add(weight, load(source, begin), other_left)
                other_right = multiply_add(weight, load(source, begin + LANES), other_right)
                k += 2
            if k < span.last:
                weight = broadcast(row_weight(span, numbers, weights, k))
                begin = origin + load_scalar(row, k) * entries
                left = multiply_add(weight, load(source, begin), left)
                right = multiply_add(weight, load(source, begin + LANES), right)
            store(target, to + n, multiply_add(one, other_left, left))
            store(target, to + n + LANES, multiply_add(one, other_right, right))
        if entries % WIDE:
            n = entries - LANES
            total = bias
            for k in range(span.first, span.last):
                weight = broadcast(row_weight(span, numbers, weights, k))
                begin = (first_row + load_scalar(row, k)) * entries + n
                total = multiply_add(weight, load(source, begin), total)
            store(target, to + n, total)
        to += entries


@kernel(inline=True)
def prefetch_own(row, numbers, weights, target, k):
    """Prefetch the weight of connection k + AHEAD and its gradient."""
    number = load_scalar(numbers, min(k + AHEAD, row.size - 1))
    prefetch(weights, number)
    prefetch(target, number)


@kernel(allocates=False)
def own_run_one(run, last, given, own, weights, targets, histories, first_row, to, at):
    """`own_run_two` for rows of one vector."""
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        total = load(signals, to) if given[position] else zero
        value = load(values, at)
        for k in range(starts[position], starts[position + 1]):
            prefetch(deltas, (first_row + load_scalar(row, min(k + AHEAD, row.size - 1))) * LANES)
            prefetch_own(row, numbers, weights, target, k)
            number, delta = load_scalar(numbers, k), load(deltas, (first_row + load_scalar(row, k)) * LANES)
            total = multiply_add(broadcast(load_scalar(weights, number)), delta, total)
            target[number] += scale * horizontal_sum(multiply_add(value, delta, zero))
        store(signals, to, total)
        to += LANES
        at += LANES


@kernel(allocates=False)
def own_run_two(run, last, given, own, weights, targets, histories, first_row, to, at):
    """Begin the signals of the neurons at some positions, and add the gradients of the weights.

    Rows are two vectors: of signals from `to`, of values from `at`. Signals of outputs are there already.
    """
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        left = load(signals, to) if given[position] else zero
        right = load(signals, to + LANES) if given[position] else zero
        value_left, value_right = load(values, at), load(values, at + LANES)
        for k in range(starts[position], starts[position + 1]):
            ahead = (first_row + load_scalar(row, min(k + AHEAD, row.size - 1))) * WIDE
            prefetch(deltas, ahead)
            prefetch(deltas, ahead + LANES)
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
        to += WIDE
        at += WIDE


@kernel(allocates=False)
def own_run_many(run, last, given, own, weights, targets, histories, first_row, to, at):
    """`own_run_two` for rows of any length, with the sums in the first-level cache."""
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    entries = histories.entries
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        for n in range(0, 0 if given[position] else entries, LANES):
            store(signals, to + n, zero)
        for k in range(starts[position], starts[position + 1]):
            prefetch_own(row, numbers, weights, target, k)
            ahead = (first_row + load_scalar(row, min(k + 2, row.size - 1))) * entries
            number, delta = load_scalar(numbers, k), (first_row + load_scalar(row, k)) * entries
            weight, products = broadcast(load_scalar(weights, number)), zero
            for n in range(0, entries, LANES):
                prefetch(deltas, ahead + n)
                here = load(deltas, delta + n)
                store(signals, to + n, multiply_add(weight, here, load(signals, to + n)))
                products = multiply_add(load(values, at + n), here, products)
            target[number] += scale * horizontal_sum(products)
        to += entries
        at += entries


@kernel(allocates=False)
def rest_run(run, last, rest, weights, deltas, first_row, signals, to, entries):
    """Add to the signals of the neurons at some positions what comes through all other connections."""
    starts, row, numbers, first_weight = rest
    for position in range(run, last):
        span = span_of(starts, first_weight, position)
        for n in range(0, entries if span.last > span.first else 0, LANES):
            total = load(signals, to + n)
            for k in range(span.first, span.last):
                weight = broadcast(row_weight(span, numbers, weights, k))
                begin = (first_row + load_scalar(row, k)) * entries + n
                total = multiply_add(weight, load(deltas, begin), total)
            store(signals, to + n, total)
        to += entries


@kernel(allocates=False)
def add_biases(run, last, numbers, deltas, begin, entries, target, scale):
    """Add the gradients of the biases of the neurons at some positions, whose deltas begin at `begin`."""
    for position in range(run, last):
        if numbers[position] >= 0:
            target[numbers[position]] += scale * sum_range(deltas, begin, entries)
        begin += entries
