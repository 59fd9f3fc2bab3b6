"""Gradients that weights would have if their connections were there."""

import numpy as np
from numba import prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.sums import dot


@kernel(parallel=True)
def gradient_sizes(deltas, values, sizes):
    """sizes[j, i] = |sum over t and n of deltas[t, j, n] * values[t, i, n]|, each by one thread, in order."""
    for target in prange(sizes.shape[0]):
        for source in range(sizes.shape[1]):
            total = 0.0
            for step in range(deltas.shape[0]):
                total += dot(deltas[step, target], values[step, source])
            sizes[target, source] = np.abs(total)
