"""Kernels of softmax over the features, for arrays flat in the order places, features, histories.

o1 goes through one entry's features at a time. o2 takes a strip of histories through all features, so that
every pass reads memory in order; its tasks are the strips of all places. A number is made by one task in a
fixed order, so threads never change a bit.
"""

import numpy as np
from numba import prange

from nn.history import LANES
from nn.kernels.core.activations import exponential
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, multiply_add, store, where_greater
from nn.kernels.core.sums import PART, added

STRIP = 4 * LANES
"""Histories in a strip; the last one may be shorter, but is whole vectors."""


@kernel
def softmax_loops(values, features, histories, outputs):
    """outputs = exp(values - greatest) / their sum over the features."""
    for place in range(values.size // (features * histories)):
        for history in range(histories):
            begin = place * features * histories + history
            end = begin + features * histories
            greatest = values[begin]
            for i in range(begin, end, histories):
                greatest = max(greatest, values[i])
            total = 0.0
            for i in range(begin, end, histories):
                outputs[i] = exponential(values[i] - greatest)
                total += outputs[i]
            share = values.dtype.type(1 / total)
            for i in range(begin, end, histories):
                outputs[i] *= share


@kernel
def softmax_signals_loops(signals, outputs, features, histories, input_signals):
    """input_signals = outputs * (signals - the sum of signals * outputs over the features)."""
    for place in range(signals.size // (features * histories)):
        for history in range(histories):
            begin = place * features * histories + history
            end = begin + features * histories
            total = 0.0
            for i in range(begin, end, histories):
                total += signals[i] * outputs[i]
            mean = signals.dtype.type(total)
            for i in range(begin, end, histories):
                input_signals[i] = outputs[i] * (signals[i] - mean)


@kernel
def strips_of(histories):
    """Return how many strips there are."""
    return (histories + STRIP - 1) // STRIP


@kernel
def strip_at(task, features, histories):
    """Return where a task's strip begins in the first feature, and its length."""
    strips = strips_of(histories)
    history = task % strips * STRIP
    return task // strips * features * histories + history, min(STRIP, histories - history)


@kernel
def greatest_of(values, features, histories, begin, count, greatest):
    """greatest = the greatest of all features, for a strip."""
    for lane in range(0, count, LANES):
        found = load(values, begin + lane)
        for feature in range(1, features):
            value = load(values, begin + lane + feature * histories)
            found = where_greater(value, found, value, found)
        store(greatest, lane, found)


@kernel
def softmax(values, features, histories, outputs, first, last):
    """outputs = exp(values - greatest) / their sum over the features, for a range of tasks."""
    greatest, shares = np.empty(STRIP, values.dtype), np.empty(STRIP, values.dtype)
    parts, totals = np.empty(STRIP, values.dtype), np.empty(STRIP, np.float64)
    for task in range(first, last):
        begin, count = strip_at(task, features, histories)
        greatest_of(values, features, histories, begin, count, greatest)
        totals[:] = 0
        for feature in range(0, features, PART):
            parts[:] = 0
            for start in range(
                begin + feature * histories, begin + min(feature + PART, features) * histories, histories
            ):
                for i in range(count):
                    power = exponential(values[start + i] - greatest[i])
                    outputs[start + i] = power
                    parts[i] += power
            for i in range(count):
                totals[i] += parts[i]
        for i in range(count):
            shares[i] = 1 / totals[i]
        for start in range(begin, begin + features * histories, histories):
            for i in range(count):
                outputs[start + i] *= shares[i]


@kernel(parallel=True)
def softmax_parallel(values, features, histories, outputs, blocks):
    """Run `softmax` over blocks of tasks in parallel."""
    tasks = values.size // (features * histories) * strips_of(histories)
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        softmax(values, features, histories, outputs, first, last)


@kernel
def softmax_signals(signals, outputs, features, histories, input_signals, first, last):
    """input_signals = outputs * (signals - the sum of signals * outputs), for a range of tasks."""
    zero, minus_one = broadcast(signals.dtype.type(0)), broadcast(signals.dtype.type(-1))
    for task in range(first, last):
        begin, count = strip_at(task, features, histories)
        for lane in range(begin, begin + count, LANES):
            total = lost = zero
            for feature in range(0, features, PART):
                part, start = zero, lane + feature * histories
                for i in range(start, start + min(PART, features - feature) * histories, histories):
                    part = multiply_add(load(signals, i), load(outputs, i), part)
                total, lost = added(total, lost, part)
            for i in range(lane, lane + features * histories, histories):
                difference = multiply_add(minus_one, total, load(signals, i))
                store(input_signals, i, multiply_add(load(outputs, i), difference, zero))


@kernel(parallel=True)
def softmax_signals_parallel(signals, outputs, features, histories, input_signals, blocks):
    """Run `softmax_signals` over blocks of tasks in parallel."""
    tasks = signals.size // (features * histories) * strips_of(histories)
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        softmax_signals(signals, outputs, features, histories, input_signals, first, last)
