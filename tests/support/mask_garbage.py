"""What may lie where nothing counts: numbers that nobody may compute with."""

import numpy as np


def garbage(shape, dtype, generator):
    """Draw NaN, infinite numbers, the largest there are, and what is neither a label nor a target."""
    most = np.finfo(dtype).max
    return generator.choice(np.array([np.nan, np.inf, -np.inf, most, -most, -100, 255], dtype), shape)


def spoil(values, weights, generator):
    """Copy values, with garbage where the weight is 0."""
    chosen = np.broadcast_to(weights, values.shape) != 0
    return np.where(chosen, values, garbage(values.shape, values.dtype, generator))
