"""Noise: random bits expanded from a key, neuron by neuron, and what is done to values with them.

See `networks.noise` for which value takes which number of the sequence. Arrays are flat, neurons x
histories; a kernel works on the neurons from `first` to `last`.
"""

import math

import numpy as np
from numba import prange, types
from numpy import float32, uint64

from nn.kernels.core.compilation import compiled_as, kernel

GOLDEN, FIRST, SECOND = uint64(0x9E3779B97F4A7C15), uint64(0xBF58476D1CE4E5B9), uint64(0x94D049BB133111EB)
SHARE = 2.0**-24
LN_2 = 0.6931471805599453


@kernel
def mix(bits):
    """Return the output of SplitMix64 for a state."""
    bits = (bits ^ (bits >> uint64(30))) * FIRST
    bits = (bits ^ (bits >> uint64(27))) * SECOND
    return bits ^ (bits >> uint64(31))


def logarithm(x):
    """ln(x) for x in (0, 1]."""
    return math.log(x)


@compiled_as(logarithm)
def _logarithm(x):
    if x != types.float32:
        return lambda x: math.log(x)  # noqa: PLW0108 - Numba wants a Python function

    def series(x):
        """Use ln(m) = 2 artanh((m - 1) / (m + 1)) for the mantissa m in [0.71, 1.42): five terms."""
        bits = float32(x).view(np.int32)
        exponent = np.int32((bits >> 23) - 127)
        m = np.int32((bits & 0x7FFFFF) | 0x3F800000).view(float32)
        high = m > float32(1.4142135)
        m = m * float32(0.5) if high else m
        n = float32(exponent) + (float32(1) if high else float32(0))
        s = (m - float32(1)) / (m + float32(1))
        q = s * s
        p = float32(1 / 9)
        p = p * q + float32(1 / 7)
        p = p * q + float32(1 / 5)
        p = p * q + float32(1 / 3)
        return n * float32(LN_2) + float32(2) * (s + s * q * p)

    return series


def cosine_of_turns(x):
    """cos(2 pi x) for x in [0, 1)."""
    return math.cos(2 * math.pi * x)


@compiled_as(cosine_of_turns)
def _cosine_of_turns(x):
    if x != types.float32:
        return lambda x: math.cos(2 * math.pi * x)

    def polynomial(x):
        """Use cos(2 pi x) = sin(2 pi (1/4 - distance of x to a whole number)), and Taylor's six terms."""
        distance = x if x < float32(0.5) else float32(1) - x
        r = float32(2 * math.pi) * (float32(0.25) - distance)
        q = r * r
        p = float32(-1 / 39916800)
        p = p * q + float32(1 / 362880)
        p = p * q + float32(-1 / 5040)
        p = p * q + float32(1 / 120)
        p = p * q + float32(-1 / 6)
        return r + r * q * p

    return polynomial


@kernel(separately=True)
def drop(values, key, threshold, scale, targets, first, last):
    """Write values * scale where the bits reach the threshold, times zero where not."""
    neurons, histories = values.shape
    zero, step = scale - scale, GOLDEN * uint64(neurons)
    for i in range(first, last):
        begin = key + GOLDEN * uint64(i + 1)
        for n in range(histories):
            factor = scale if mix(begin + step * uint64(n)) >= threshold else zero
            targets[i, n] = values[i, n] * factor


@kernel(parallel=True)
def drop_parallel(values, key, threshold, scale, targets, blocks):
    """Run `drop` over blocks of neurons in parallel."""
    neurons = values.shape[0]
    for block in prange(blocks):
        first, last = block * neurons // blocks, (block + 1) * neurons // blocks
        drop(values, key, threshold, scale, targets, first, last)


@kernel(separately=True)
def add_normal(values, key, deviation, targets, first, last):
    """Write values + deviation * normal number (Box and Muller 1958)."""
    neurons, histories = values.shape
    share, step = values.dtype.type(SHARE), GOLDEN * uint64(neurons)
    minus_two, one = values.dtype.type(-2), values.dtype.type(1)
    for i in range(first, last):
        begin = key + GOLDEN * uint64(i + 1)
        for n in range(histories):
            bits = mix(begin + step * uint64(n))
            upper = values.dtype.type(np.int32(bits >> uint64(40)))
            lower = values.dtype.type(np.int32((bits >> uint64(16)) & uint64(0xFFFFFF)))
            radius = math.sqrt(minus_two * logarithm((upper + one) * share))
            targets[i, n] = values[i, n] + deviation * (radius * cosine_of_turns(lower * share))


@kernel(parallel=True)
def add_normal_parallel(values, key, deviation, targets, blocks):
    """Run `add_normal` over blocks of neurons in parallel."""
    neurons = values.shape[0]
    for block in prange(blocks):
        first, last = block * neurons // blocks, (block + 1) * neurons // blocks
        add_normal(values, key, deviation, targets, first, last)
