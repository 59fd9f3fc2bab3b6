"""Kernels of softmax over the features, for arrays flat in the order places, features, histories.

A task takes a strip of histories through all features of a place, so that every pass reads memory in order.
A number is made by one task in a fixed order, so threads never change a bit.
"""

import numpy as np
from numba import prange

from nn.history import LANES
from nn.kernels.core.activations import exponential
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, multiply_add, store, where_greater
from nn.kernels.core.sums import PART, add_compensated

STRIP = 4 * LANES
"""Histories in a strip; the last one may be shorter, but is whole vectors."""


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


@kernel(separately=True)
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
                sums, powers = values[start : start + count], outputs[start : start + count]
                for i in range(powers.size):  # from 0: an index that might be negative is looked at
                    powers[i] = exponential(sums[i] - greatest[i])
                for i in range(powers.size):
                    parts[i] += powers[i]
            for i in range(count):
                totals[i] += parts[i]
        for i in range(count):
            shares[i] = 1 / totals[i]
        for start in range(begin, begin + features * histories, histories):
            powers = outputs[start : start + count]
            for i in range(powers.size):
                powers[i] *= shares[i]


@kernel(parallel=True)
def softmax_parallel(values, features, histories, outputs, blocks):
    """Run `softmax` over blocks of tasks in parallel."""
    tasks = values.size // (features * histories) * strips_of(histories)
    for block in prange(blocks):
        first, last = block * tasks // blocks, (block + 1) * tasks // blocks
        softmax(values, features, histories, outputs, first, last)


@kernel(separately=True)
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
                total, lost = add_compensated(total, lost, part)
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
