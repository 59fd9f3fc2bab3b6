"""Kernels of the graph's rung o2, forward: rows of connections in registers, ranges of neurons in parallel.

Histories are flat, N entries a row. Values have `lead` steps of zeros in front, so that delays read
zeros before the start; deltas have as many behind the end. A step of deltas has a row for every neuron
and then one for every connection into a product, which has a slope of its own.

Whatever is summed is summed by one thread, in an order that does not depend on the number of threads.

Numba counts references to arrays with atomic operations. In a function as small as `gather_wide` it
sees that they cancel; in larger ones they cost as much as ten connections. So members of tuples are
taken out once for a range of neurons, and arrays are sliced once for a run of neurons.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nn.history import LANES
from nn.kernels.activations import activate
from nn.kernels.graph import INPUT, SUM
from nn.simd import broadcast, load, load_scalar, multiply_add, prefetch, store

WIDE = 2 * LANES

AHEAD = 24
"""Connections between asking for a row of histories and using it."""


class Neurons(NamedTuple):
    """Neurons in an order of computation, as `nn.kernels.graph.Neurons`.

    A run is a number of neighbours, in memory too, of one level, kind and activation; `run_end` is the
    position behind that of the neuron. `given` tells whose signals start with those of the outputs, and
    `slope_row` is a product's first row of slopes in a step of deltas.
    """

    neuron: np.ndarray
    kind: np.ndarray
    code: np.ndarray
    slope: np.ndarray
    bias: np.ndarray
    run_end: np.ndarray
    given: np.ndarray
    slope_row: np.ndarray


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


class Schedule(NamedTuple):
    """Positions cut into chunks, chunks into stages. Chunks of one stage do not depend on each other."""

    stages: np.ndarray
    bounds: np.ndarray


class Histories(NamedTuple):
    """Histories of all neurons, flat, and their sizes; `nudges` is empty where there are none."""

    values: np.ndarray
    signals: np.ndarray
    deltas: np.ndarray
    nudges: np.ndarray
    entries: int
    steps: int
    lead: int
    delta_rows: int


class Span(NamedTuple):
    """The connections of one row, `first` to `last`. If `gapless`, number k has the weight k + `shift`."""

    first: int
    last: int
    shift: int
    gapless: bool


@njit(cache=True, nogil=True, error_model="numpy")
def span_of(starts, first_weight, position):
    """Return the row of connections at a position."""
    first, number = starts[position], first_weight[position]
    return Span(first, starts[position + 1], number - first, number >= 0)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def row_weight(span, numbers, weights, k):
    """Return the weight of connection k; where the numbers have no gap there is none to look up."""
    number = k + span.shift if span.gapless else load_scalar(numbers, k)
    return load_scalar(weights, number) if number >= 0 else weights.dtype.type(1)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def prefetch_row(source, row, k, first_row, entries, n):
    """Ask for what connection k + AHEAD reads: no hardware prefetcher guesses a random row."""
    begin = (first_row + load_scalar(row, min(k + AHEAD, row.size - 1))) * entries + n
    prefetch(source, begin)
    prefetch(source, begin + LANES)


@njit(cache=True, nogil=True, error_model="numpy")
def gather_wide(span, row, numbers, weights, source, first_row, target, to, entries):
    """Add weight * source row of every connection to the target row that begins at `to`, two vectors each.

    What is left when the entries are an odd number of vectors is for `gather_narrow`.
    """
    for n in range(0, entries - LANES, WIDE):
        left, right = load(target, to + n), load(target, to + n + LANES)
        for k in range(span.first, span.last):
            prefetch_row(source, row, k, first_row, entries, n)
            if not span.gapless:
                prefetch(weights, load_scalar(numbers, min(k + AHEAD, row.size - 1)))
            weight = broadcast(row_weight(span, numbers, weights, k))
            begin = (first_row + load_scalar(row, k)) * entries + n
            left = multiply_add(weight, load(source, begin), left)
            right = multiply_add(weight, load(source, begin + LANES), right)
        store(target, to + n, left)
        store(target, to + n + LANES, right)


@njit(cache=True, nogil=True, error_model="numpy")
def gather_narrow(span, row, numbers, weights, source, first_row, target, to, entries):
    """Do for the last vector what `gather_wide` does for pairs."""
    n = entries - LANES
    total = load(target, to + n)
    for k in range(span.first, span.last):
        weight = broadcast(row_weight(span, numbers, weights, k))
        begin = (first_row + load_scalar(row, k)) * entries + n
        total = multiply_add(weight, load(source, begin), total)
    store(target, to + n, total)


@njit(cache=True, nogil=True, error_model="numpy")
def fill(target, to, entries, value):
    """Set a row to one value."""
    for n in range(to, to + entries, LANES):
        store(target, n, broadcast(value))


@njit(cache=True, nogil=True, error_model="numpy")
def multiply_terms(span, row, numbers, weights, source, first_row, target, to, entries):
    """Multiply the target row that begins at `to` by weight * source row of every connection."""
    zero = broadcast(weights.dtype.type(0))
    for k in range(span.first, span.last):
        weight = broadcast(row_weight(span, numbers, weights, k))
        begin = (first_row + load_scalar(row, k)) * entries
        for n in range(0, entries, LANES):
            term = multiply_add(weight, load(source, begin + n), zero)
            store(target, to + n, multiply_add(term, load(target, to + n), zero))


@njit(cache=True, nogil=True, error_model="numpy")
def forward_range(neurons, incoming, trained, histories, step, begin, end):
    """Compute the values of the neurons at some positions at one step."""
    neuron, kind, code, slope, bias_of, run_end, _, _ = neurons
    starts, row, numbers, first_weight = incoming
    values, weights, biases, nudges = histories.values, trained.weights, trained.biases, histories.nudges
    entries, first_row = histories.entries, (histories.lead + step) * neuron.size
    position = begin
    while position < end:
        run, last = position, min(run_end[position], end)
        start = to = (first_row + neuron[run]) * entries
        for position in range(run, last if kind[run] != INPUT else run):
            span = span_of(starts, first_weight, position)
            if kind[run] == SUM:
                bias = bias_of[position]
                fill(values, to, entries, biases[bias] if bias >= 0 else weights.dtype.type(0))
                gather_wide(span, row, numbers, weights, values, first_row, values, to, entries)
                if entries % WIDE:
                    gather_narrow(span, row, numbers, weights, values, first_row, values, to, entries)
            else:
                fill(values, to, entries, weights.dtype.type(1))
                multiply_terms(span, row, numbers, weights, values, first_row, values, to, entries)
            to += entries
        position = last
        end_of_run = start + (last - run) * entries
        activate(code[run], slope[run], values[start:end_of_run])
        if nudges.size:
            nudged = histories.lead * neuron.size * entries
            values[start:end_of_run] += nudges[start - nudged : end_of_run - nudged]


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def forward(neurons, incoming, trained, histories, schedule):
    """Compute the values of all steps, the chunks of a stage in parallel."""
    for step in range(histories.steps):
        for stage in range(schedule.stages.size - 1):
            first, last = schedule.stages[stage], schedule.stages[stage + 1]
            if last - first == 1:
                begin, end = schedule.bounds[first], schedule.bounds[last]
                forward_range(neurons, incoming, trained, histories, step, begin, end)
            else:
                for chunk in prange(first, last):
                    begin, end = schedule.bounds[chunk], schedule.bounds[chunk + 1]
                    forward_range(neurons, incoming, trained, histories, step, begin, end)
