"""Kernels of the embedding rungs: labels read and checked, rows looked up, signals added to rows.

Labels are (positions, N); features and signals positions x features x N. Blocks of LANES entries by LANES
features are transposed in registers, so that rows of the weights and rows of the histories are both read and
written whole; features that are left over go one by one.
"""

import numpy as np
from numba import prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, multiply_add, store, transpose_block


@kernel
def read_labels(values, count, labels):
    """Convert flat values to labels below `count`; return the place of the first that is none, or -1."""
    for i in range(values.size):
        value = values[i]
        if not (value >= 0 and value < count and value == np.floor(value)):
            return i
        labels[i] = np.int64(value)
    return -1


@kernel(separately=True)
def look_up_positions(weights, labels, values, first, last):
    """values[p, f, n] = weights[labels[p, n], f] from position `first` to `last`; values is flat."""
    features, histories = weights.shape[1], labels.shape[1]
    flat, block = weights.reshape(-1), np.empty(LANES * LANES, weights.dtype)
    for position in range(first, last):
        for n in range(0, histories, LANES):
            for feature in range(0, features // LANES * LANES, LANES):
                for lane in range(LANES):
                    row = labels[position, n + lane] * features + feature
                    store(block, lane * LANES, load(flat, row))
                to = (position * features + feature) * histories + n
                transpose_block(block, 0, LANES, values, to, histories)
            for feature in range(features // LANES * LANES, features):
                to = (position * features + feature) * histories + n
                for lane in range(LANES):
                    values[to + lane] = flat[labels[position, n + lane] * features + feature]


@kernel(parallel=True)
def look_up_parallel(weights, labels, values, blocks):
    """Run `look_up_positions` over blocks of positions in parallel."""
    positions = labels.shape[0]
    for block in prange(blocks):
        first, last = block * positions // blocks, (block + 1) * positions // blocks
        look_up_positions(weights, labels, values, first, last)


@kernel(separately=True)
def add_features(signals, labels, scale, target, column):
    """target[labels[p, n], f] += scale * signals[p, f, n], for up to LANES features from `column` on."""
    features, histories = target.shape[1], labels.shape[1]
    flat, block, factor = target.reshape(-1), np.empty(LANES * LANES, target.dtype), broadcast(scale)
    whole = column + LANES <= features
    for position in range(labels.shape[0]):
        begin = (position * features + column) * histories
        for n in range(0, histories, LANES):
            if whole:
                transpose_block(signals, begin + n, histories, block, 0, LANES)
                for lane in range(LANES):
                    row = labels[position, n + lane] * features + column
                    store(flat, row, multiply_add(load(block, lane * LANES), factor, load(flat, row)))
            else:
                for feature in range(features - column):
                    for lane in range(LANES):
                        row = labels[position, n + lane] * features + column + feature
                        flat[row] += scale * signals[begin + feature * histories + n + lane]


@kernel(separately=True)
def add_all_features(signals, labels, scale, target):
    """Run `add_features` for all features."""
    for column in range(0, target.shape[1], LANES):
        add_features(signals, labels, scale, target, column)


@kernel(parallel=True)
def add_all_features_parallel(signals, labels, scale, target):
    """Run `add_features` for all features in parallel: no two threads add to the same number."""
    for block in prange((target.shape[1] + LANES - 1) // LANES):
        add_features(signals, labels, scale, target, block * LANES)
