"""Kernels of the graph's rung o2, forward: rows of connections in registers, ranges of neurons in parallel.

Histories are flat, N entries a row. Values have `lead` steps of zeros in front, so that delays read
zeros before the start; deltas have as many behind the end. A step of deltas has a row for every neuron
and then one for every connection into a product, which has a slope of its own.

Whatever is summed is summed by one thread, in an order that does not depend on the number of threads.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from nn.history import LANES
from nn.kernels.core.activations import activate
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, load_scalar, multiply_add, store
from nn.kernels.core.vectors import fill
from nn.kernels.graph.loops import INPUT, SUM
from nn.kernels.graph.runs import row_weight, span_of, sum_run

WORTH_A_REGION = 2**20
"""Multiply-adds of a stage from which a parallel region pays: some 50 microseconds on one thread."""

NEURON_WORK = 2
"""Work of a neuron beside its connections, in connections: its bias, its activation, its delta."""


class Neurons(NamedTuple):
    """Neurons in an order of computation, as `nn.kernels.graph.loops.Neurons`.

    A run is a number of neighbours, in memory too, of one level, kind and activation; `run_end` is the
    position behind that of the neuron. `from_inputs` tells which sums read only inputs, of the same step.
    """

    neuron: np.ndarray
    kind: np.ndarray
    code: np.ndarray
    slope: np.ndarray
    bias: np.ndarray
    run_end: np.ndarray
    from_inputs: np.ndarray


class Schedule(NamedTuple):
    """Positions cut into chunks, chunks into stages. Chunks of one stage do not depend on each other."""

    stages: np.ndarray
    bounds: np.ndarray


class Values(NamedTuple):
    """Values of all neurons, flat, and their sizes.

    `nudges` is empty where there are none. `given` are the values of the inputs where the caller has
    them, or empty: its row `given_first` + `given_step` * step is what neuron 0 would have at that step.
    """

    values: np.ndarray
    nudges: np.ndarray
    given: np.ndarray
    given_first: int
    given_step: int
    entries: int
    steps: int
    lead: int


@kernel(allocates=False)
def multiply_terms(span, row, numbers, weights, source, first_row, target, to, entries):
    """Multiply the target row that begins at `to` by weight * source row of every connection."""
    zero = broadcast(weights.dtype.type(0))
    for k in range(span.first, span.last):
        weight = broadcast(row_weight(span, numbers, weights, k))
        begin = (first_row + load_scalar(row, k)) * entries
        for n in range(0, entries, LANES):
            term = multiply_add(weight, load(source, begin + n), zero)
            store(target, to + n, multiply_add(term, load(target, to + n), zero))


@kernel(allocates=False, separately=True)
def forward_range(neurons, incoming, trained, histories, step, begin, end):
    """Compute the values of the neurons at some positions at one step."""
    neuron, kind, code, slope, bias_of, run_end, from_inputs = neurons
    starts, row, numbers, first_weight = incoming
    values, nudges, given, given_first, given_step, entries, _, lead = histories
    weights, _ = trained
    first_row, given_row = (lead + step) * neuron.size, given_first + step * given_step
    run = begin
    while run < end:
        last = min(run_end[run], end)
        start = (first_row + neuron[run]) * entries
        direct = given.size > 0 and from_inputs[run]
        if kind[run] == SUM:
            source, source_row = (given, given_row) if direct else (values, first_row)
            sum_run(run, last, incoming, trained, bias_of, source, source_row, values, start, entries)
        elif kind[run] != INPUT:
            for position in range(run, last):
                to = start + (position - run) * entries
                span = span_of(starts, first_weight, position)
                fill(values, to, entries, weights.dtype.type(1))
                multiply_terms(span, row, numbers, weights, values, first_row, values, to, entries)
        end_of_run = start + (last - run) * entries
        activate(code[run], slope[run], values[start:end_of_run])
        if nudges.size:
            nudged = lead * neuron.size * entries
            for place in range(start, end_of_run):
                values[place] += nudges[place - nudged]
        run = last


@kernel(parallel=True)
def forward(neurons, incoming, trained, histories, schedule):
    """Compute the values of all steps, the chunks of a stage in parallel where that pays."""
    for step in range(histories.steps):
        for stage in range(schedule.stages.size - 1):
            first, last = schedule.stages[stage], schedule.stages[stage + 1]
            begin, end = schedule.bounds[first], schedule.bounds[last]
            work = incoming.starts[end] - incoming.starts[begin] + NEURON_WORK * (end - begin)
            if last - first == 1 or work * histories.entries < WORTH_A_REGION:
                forward_range(neurons, incoming, trained, histories, step, begin, end)
            else:
                for chunk in prange(first, last):
                    begin, end = schedule.bounds[chunk], schedule.bounds[chunk + 1]
                    forward_range(neurons, incoming, trained, histories, step, begin, end)
