"""Loops of the graph's rung o2 over a run of neurons: rows of connections with their sums in registers.

Nothing here allocates, so that references to arrays are not counted (`_nrt=False`): counting them, with
atomic operations, costs as much as ten connections, and more where threads share the count.
"""

from typing import NamedTuple

import numpy as np

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, load_scalar, multiply_add, store
from nn.kernels.core.sums import sum_range

WIDE = 2 * LANES
QUAD = 4 * LANES


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
def sum_four(span, rows, weights, source, origin, target, to, bias, entries):
    """Write the sums of four vectors of one neuron, as `sum_run` does."""
    row, numbers, zero = rows.row, rows.weight, broadcast(weights.dtype.type(0))
    one = broadcast(weights.dtype.type(1))
    first = second = third = fourth = bias
    other_first = other_second = other_third = other_fourth = zero
    k = span.first
    while k < span.last - 1:
        weight = broadcast(row_weight(span, numbers, weights, k))
        begin = origin + load_scalar(row, k) * entries
        first = multiply_add(weight, load(source, begin), first)
        second = multiply_add(weight, load(source, begin + LANES), second)
        third = multiply_add(weight, load(source, begin + 2 * LANES), third)
        fourth = multiply_add(weight, load(source, begin + 3 * LANES), fourth)
        weight = broadcast(row_weight(span, numbers, weights, k + 1))
        begin = origin + load_scalar(row, k + 1) * entries
        other_first = multiply_add(weight, load(source, begin), other_first)
        other_second = multiply_add(weight, load(source, begin + LANES), other_second)
        other_third = multiply_add(weight, load(source, begin + 2 * LANES), other_third)
        other_fourth = multiply_add(weight, load(source, begin + 3 * LANES), other_fourth)
        k += 2
    if k < span.last:
        weight = broadcast(row_weight(span, numbers, weights, k))
        begin = origin + load_scalar(row, k) * entries
        first = multiply_add(weight, load(source, begin), first)
        second = multiply_add(weight, load(source, begin + LANES), second)
        third = multiply_add(weight, load(source, begin + 2 * LANES), third)
        fourth = multiply_add(weight, load(source, begin + 3 * LANES), fourth)
    store(target, to, multiply_add(one, other_first, first))
    store(target, to + LANES, multiply_add(one, other_second, second))
    store(target, to + 2 * LANES, multiply_add(one, other_third, third))
    store(target, to + 3 * LANES, multiply_add(one, other_fourth, fourth))


@kernel(allocates=False)
def sum_run(run, last, rows, trained, bias_of, source, first_row, target, to, entries):
    """Write bias + sum of weight * source row for the neurons at some positions, whose rows begin at `to`.

    Four vectors at a time, then two, and the last one of an odd number. Every other connection has sums
    of its own: a sum waits for the one before as long as for what it adds.
    """
    starts, row, numbers, first_weight = rows
    weights, biases = trained
    zero, one = broadcast(weights.dtype.type(0)), broadcast(weights.dtype.type(1))
    for position in range(run, last):
        span, number = span_of(starts, first_weight, position), load_scalar(bias_of, position)
        bias = broadcast(load_scalar(biases, number)) if number >= 0 else zero
        quads = entries // QUAD * QUAD
        for n in range(0, quads, QUAD):
            sum_four(span, rows, weights, source, first_row * entries + n, target, to + n, bias, entries)
        for n in range(quads, entries - LANES, WIDE):
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
