"""Losses of single numbers: their sum and their slopes in one pass, without arrays in between."""

from nn.kernels.core.compilation import kernel
from nn.kernels.core.scalars import in_dtype_of


@kernel(fastmath={"reassoc", "nsz"})
def squared_error(outputs, targets, signals, histories, entries, factor):
    """Write signals = factor * 2 (output - target) and return the sum of the squared differences.

    The arrays are flat, their rows `histories` long; the first `entries` of each count, signals of the rest
    are zero. The sum is in float64; `reassoc` lets it fill whole vectors, in an order that stays the same.
    """
    (scale,) = in_dtype_of(outputs, (factor,))
    total = 0.0
    for begin in range(0, outputs.size, histories):
        end = begin + entries
        row, wanted, slopes = outputs[begin:end], targets[begin:end], signals[begin:end]
        for i in range(entries):
            difference = row[i] - wanted[i]
            total += difference * difference
            slopes[i] = scale * (difference + difference)
        signals[end : begin + histories] = 0
    return total


@kernel(fastmath={"reassoc", "nsz"})
def weighted_squared_error(outputs, targets, weights, signals, histories, entries, factor):
    """Compute `squared_error` with a weight each; where it is 0, output and target may be anything."""
    zero = outputs.dtype.type(0)
    total = 0.0
    for begin in range(0, outputs.size, histories):
        end = begin + entries
        row, wanted, slopes = outputs[begin:end], targets[begin:end], signals[begin:end]
        shares = weights[begin:end]
        for i in range(entries):
            difference = row[i] - wanted[i] if shares[i] != 0 else zero
            total += shares[i] * (difference * difference)
            slopes[i] = factor * shares[i] * (difference + difference)
        signals[end : begin + histories] = 0
    return total
