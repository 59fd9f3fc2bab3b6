"""Losses of single numbers: their sum and their slopes in one pass, without arrays in between."""

from numba import njit

from nn.kernels.scalars import in_dtype_of


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz"})
def squared_error(outputs, targets, signals, histories, entries, factor):
    """Write signals = factor * 2 (output - target) and return the sum of the squared differences.

    The arrays are flat, their rows `histories` long; the first `entries` of each count, signals of the rest
    are zero. The sum is in float64; `reassoc` lets it fill whole vectors, in an order that stays the same.
    """
    (scale,) = in_dtype_of(outputs, (factor,))
    total = 0.0
    for begin in range(0, outputs.size, histories):
        for i in range(begin, begin + entries):
            difference = outputs[i] - targets[i]
            total += difference * difference
            signals[i] = scale * (difference + difference)
        signals[begin + entries : begin + histories] = 0
    return total
