"""Garbage for masked places: numbers that must not be used."""

import numpy as np


def garbage(shape, dtype, generator):
    """Draw NaN, infinite numbers, the largest ones, and numbers that are neither labels nor targets."""
    most = np.finfo(dtype).max
    return generator.choice(np.array([np.nan, np.inf, -np.inf, most, -most, -100, 255], dtype), shape)


def spoil(values, weights, generator):
    """Copy values, with garbage where the weight is 0."""
    chosen = np.broadcast_to(weights, values.shape) != 0
    return np.where(chosen, values, garbage(values.shape, values.dtype, generator))
