"""Passes over lines of gates: short contiguous arrays, each loop simple enough to be vectorised.

A gate's delta begins as the error signal of what the gate was a factor of, and becomes in place what
it is: the error signal of the gate's sum.
"""

from numba import njit

from nn.kernels.activations import hyperbolic_tangent


@njit(cache=True, nogil=True, error_model="numpy")
def add(target, addend):
    """target += addend."""
    for i in range(target.size):
        target[i] += addend[i]


@njit(cache=True, nogil=True, error_model="numpy")
def add_product(target, left, right):
    """target += left * right."""
    for i in range(target.size):
        target[i] += left[i] * right[i]


@njit(cache=True, nogil=True, error_model="numpy")
def multiply_by_tangent(values, sums, target):
    """target = values * tanh(sums)."""
    for i in range(target.size):
        target[i] = values[i] * hyperbolic_tangent(sums[i])


@njit(cache=True, nogil=True, error_model="numpy")
def keep_where_absent(present, before, now):
    """Put back what was before where a step is not there."""
    for i in range(now.size):
        now[i] = now[i] if present[i] else before[i]


@njit(cache=True, nogil=True, error_model="numpy")
def clear_where_absent(present, values):
    """Zero what belongs to a step that is not there."""
    zero = values.dtype.type(0)
    for i in range(values.size):
        values[i] = values[i] if present[i] else zero


@njit(cache=True, nogil=True, error_model="numpy")
def clear_where_present(present, values):
    """Zero what belongs to a step that is there."""
    zero = values.dtype.type(0)
    for i in range(values.size):
        values[i] = zero if present[i] else values[i]


@njit(cache=True, nogil=True, error_model="numpy")
def sigmoid_delta(delta, factor, gate):
    """delta *= factor * gate * (1 - gate): through a product and the gate's sigmoid."""
    one = delta.dtype.type(1)
    for i in range(delta.size):
        delta[i] *= factor[i] * (gate[i] * (one - gate[i]))


@njit(cache=True, nogil=True, error_model="numpy")
def tangent_delta(delta, factor, gate):
    """delta *= factor * (1 - gate²): through a product and the gate's tanh."""
    one = delta.dtype.type(1)
    for i in range(delta.size):
        delta[i] *= factor[i] * (one - gate[i] * gate[i])


@njit(cache=True, nogil=True, error_model="numpy")
def output_delta(delta, gate, cells, cell_signals):
    """Go through value = gate * tanh(cell) to both: the gate's sum in place, the cell's signal added to."""
    one = delta.dtype.type(1)
    for i in range(delta.size):
        squashed = hyperbolic_tangent(cells[i])
        signal = delta[i] * gate[i]
        cell_signals[i] += signal * (one - squashed * squashed)
        delta[i] = signal * squashed * (one - gate[i])
