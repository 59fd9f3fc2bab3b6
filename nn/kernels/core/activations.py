"""Activations inside kernels: the functions of `nn.activations` by their code.

Numba calls the C library for exp and tanh, one number at a time. For float32 the polynomial and
rational functions here vectorise; their error is a few units in the last place over the whole
range (tested), at both infinities and among the subnormal numbers as well: only exp is 0 where it would
be subnormal. float64 keeps the C library's. Comparisons are written so that NaN passes through.
"""

import math
from typing import Any

from llvmlite import ir
from numba import types
from numpy import float32

from nn.kernels.core.compilation import compiled_as, instruction, kernel

LOG2_E = 1.4426950408889634
LN_2_HIGH = 0.693359375
LN_2_LOW = -2.12194440e-4
ROUNDER = 12582912.0  # 1.5 * 2**23: adding it rounds a float32 to a whole number, kept in its low bits
EXPONENT_BIAS = 127
LOWEST, HIGHEST = -87.33, 88.37  # beyond, the exponential has no exponent among normal numbers

CLAMPED = -1
"""Code of a neuron that is held: its value is the slope, whatever the sum is, and no signal passes."""


@instruction()
def _power_of_two(typing_context: Any, rounded: Any) -> Any:
    """Return 2**n from the float32 n + ROUNDER: n moves into the exponent's bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(32)
        number = builder.add(builder.bitcast(arguments[0], word), word(EXPONENT_BIAS))
        return builder.bitcast(builder.shl(number, word(23)), ir.FloatType())

    return types.float32(types.float32), generate


def exponential(x):
    """exp(x)."""
    return math.exp(x)


@compiled_as(exponential)
def _exponential(x):
    if x != types.float32:
        return lambda x: math.exp(x)  # noqa: PLW0108 - Numba wants a Python function

    def polynomial(x):
        """Cody and Waite's reduction and the polynomial of Cephes' expf (Moshier 1992)."""
        whole = x
        x = float32(LOWEST) if x < float32(LOWEST) else x
        x = float32(HIGHEST) if x > float32(HIGHEST) else x
        rounded = x * float32(LOG2_E) + float32(ROUNDER)
        n = rounded - float32(ROUNDER)
        r = x - n * float32(LN_2_HIGH) - n * float32(LN_2_LOW)
        p = float32(1.9875691500e-4)
        p = p * r + float32(1.3981999507e-3)
        p = p * r + float32(8.3334519073e-3)
        p = p * r + float32(4.1665795894e-2)
        p = p * r + float32(1.6666665459e-1)
        p = p * r + float32(5.0000001201e-1)
        power = (p * r * r + r + float32(1.0)) * _power_of_two(rounded)
        power = float32(0.0) if whole < float32(LOWEST) else power
        return float32(math.inf) if whole > float32(HIGHEST) else power

    return polynomial


def hyperbolic_tangent(x):
    """tanh(x)."""
    return math.tanh(x)


@compiled_as(hyperbolic_tangent)
def _hyperbolic_tangent(x):
    if x != types.float32:
        return lambda x: math.tanh(x)  # noqa: PLW0108 - Numba wants a Python function

    def rational(x):
        """Odd polynomial of degree 13 over an even one of degree 6, saturated at 7.9 (Eigen's ptanh)."""
        x = float32(-7.90531110763549805) if x < float32(-7.90531110763549805) else x
        x = float32(7.90531110763549805) if x > float32(7.90531110763549805) else x
        s = x * x
        p = float32(-2.76076847742355e-16)
        p = p * s + float32(2.00018790482477e-13)
        p = p * s + float32(-8.60467152213735e-11)
        p = p * s + float32(5.12229709037114e-08)
        p = p * s + float32(1.48572235717979e-05)
        p = p * s + float32(6.37261928875436e-04)
        p = p * s + float32(4.89352455891786e-03)
        q = float32(1.19825839466702e-06)
        q = q * s + float32(1.18534705686654e-04)
        q = q * s + float32(2.26843463243900e-03)
        q = q * s + float32(4.89352518554385e-03)
        return x * (p / q)  # in this order nothing is lost of a subnormal number

    return rational


def exponential_minus_one(x):
    """exp(x) - 1."""
    return math.expm1(x)


@compiled_as(exponential_minus_one)
def _exponential_minus_one(x):
    if x != types.float32:
        return lambda x: math.expm1(x)  # noqa: PLW0108 - Numba wants a Python function

    def through_tangent(x):
        """Use exp(x) - 1 = 2 t / (1 - t) with t = tanh(x / 2), exact near zero; x is not positive."""
        t = hyperbolic_tangent(x * float32(0.5))
        return x if x > float32(-1e-8) else float32(2.0) * t / (float32(1.0) - t)

    return through_tangent


def logarithm_of_one_plus(x):
    """log(1 + x) for x in [0, 1]."""
    return math.log1p(x)


@compiled_as(logarithm_of_one_plus)
def _logarithm_of_one_plus(x):
    if x != types.float32:
        return lambda x: math.log1p(x)  # noqa: PLW0108 - Numba wants a Python function

    def series(x):
        """Use log(1 + x) = 2 artanh(s), s = x / (2 + x) <= 1/3: eight terms reach float32's precision."""
        s = x / (float32(2.0) + x)
        q = s * s
        p = float32(1 / 15)
        p = p * q + float32(1 / 13)
        p = p * q + float32(1 / 11)
        p = p * q + float32(1 / 9)
        p = p * q + float32(1 / 7)
        p = p * q + float32(1 / 5)
        p = p * q + float32(1 / 3)
        return float32(2.0) * (s + s * q * p)

    return series


@kernel(separately=True)
def activate(code, slope, values):
    """Replace the sums in a contiguous array by the values of the activation `code`."""
    zero, one = values.dtype.type(0), values.dtype.type(1)
    if code == 1 and slope == 0:  # times zero, an infinite number would be NaN
        for i in range(values.size):
            x = values[i]
            values[i] = zero if x <= 0 else x
    elif code == 1:
        for i in range(values.size):
            x = values[i]
            values[i] = x if x > 0 else slope * x
    elif code == 2:
        for i in range(values.size):
            x = values[i]
            below = exponential_minus_one(zero if x > 0 else x)
            values[i] = x if x > 0 else below
    elif code == 3:
        for i in range(values.size):
            x = values[i]
            tail = logarithm_of_one_plus(exponential(-abs(x)))
            values[i] = x + tail if x > 0 else tail
    elif code == 4:
        for i in range(values.size):
            values[i] = hyperbolic_tangent(values[i])
    elif code == 5:
        for i in range(values.size):
            values[i] = one / (one + exponential(-values[i]))
    elif code == 6 and slope == 0:
        for i in range(values.size):
            x = values[i]
            x = -one if x < -one else x
            values[i] = one if x > one else x
    elif code == 6:
        for i in range(values.size):
            x = values[i]
            x = slope * (x + one) - one if x < -one else x
            values[i] = slope * (x - one) + one if x > one else x
    elif code == 7:
        middle = values.dtype.type(0.5) / slope
        for i in range(values.size):
            x = slope * (values[i] + middle)
            x = zero if x < zero else x
            values[i] = one if x > one else x
    elif code == CLAMPED:
        for i in range(values.size):
            values[i] = slope


@kernel(separately=True)
def multiply_by_derivative(code, slope, values, signals, deltas):
    """Write deltas = signals * f'(values); three contiguous arrays of one size."""
    zero, one = values.dtype.type(0), values.dtype.type(1)
    if code == 0:
        for i in range(deltas.size):
            deltas[i] = signals[i]
    elif code == 1 and slope == 0:
        for i in range(deltas.size):
            deltas[i] = zero if values[i] <= 0 else signals[i]
    elif code == 1:
        for i in range(deltas.size):
            deltas[i] = signals[i] * (one if values[i] > 0 else slope)
    elif code == 2:
        for i in range(deltas.size):
            value = values[i]
            deltas[i] = signals[i] * (value + one if value <= 0 else one)
    elif code == 3:
        for i in range(deltas.size):
            deltas[i] = -signals[i] * exponential_minus_one(-values[i])
    elif code == 4:
        for i in range(deltas.size):
            deltas[i] = signals[i] * (one - values[i] * values[i])
    elif code == 5:
        for i in range(deltas.size):
            deltas[i] = signals[i] * (values[i] * (one - values[i]))
    elif code == 6:
        for i in range(deltas.size):
            deltas[i] = signals[i] * (slope if abs(values[i]) >= one else one)
    elif code == 7:
        for i in range(deltas.size):
            deltas[i] = signals[i] * (zero if values[i] <= zero or values[i] >= one else slope)
    else:
        for i in range(deltas.size):
            deltas[i] = 0
