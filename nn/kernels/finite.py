"""Counting NaN and Inf: one pass that reads an array and writes nothing."""

from numba import prange

from nn.kernels.core.compilation import kernel

CHUNK = 1 << 15
"""Numbers that one thread looks at a time."""


@kernel(separately=True)
def count_not_finite(values):
    """Return how many of the values (size,) are NaN or Inf: those which less themselves are not 0."""
    count = 0
    for i in range(values.size):  # by index: iterating over the values themselves is not vectorised
        count += (values[i] - values[i]) != 0
    return count


@kernel(parallel=True)
def count_not_finite_parallel(values):
    """`count_not_finite` in chunks."""
    count = 0
    for chunk in prange(-(-values.size // CHUNK)):
        count += count_not_finite(values[chunk * CHUNK : (chunk + 1) * CHUNK])
    return count
