"""Optimizer steps that follow running moments of the gradient: Adam and its relatives.

Each is one pass over the flat arrays that updates the values and clears the gradients. Every rule is
elementwise and comes twice: serial, and a thin parallel wrapper that calls the serial one on fixed
chunks. So the bits are the same on both paths and for any number of threads. The loops are left to the
compiler: it vectorises them with vectors as wide as the processor's, roots and divisions included, and
they run at the speed of the memory. Scalars are converted to the arrays' dtype first, or the arithmetic would
be done in float64; `shrink` is the factor of decoupled weight decay.
"""

from math import sqrt

from numba import prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.scalars import at_least, flush_small, flush_threshold, in_dtype_of
from nn.kernels.optimizers.update_rules import CHUNK


@kernel(separately=True)
def adam(values, gradients, means, squares, scalars):
    """Descend along the running mean gradient over the root of its running mean square.

    `rate` holds the correction of the mean's bias, `correction` that of the root.
    """
    rate, mean_rate, square_rate, correction, epsilon, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        gradient = gradients[i]
        means[i] = flush_small(means[i] + mean_rate * (gradient - means[i]), smallest)
        squares[i] = at_least(squares[i] + square_rate * (gradient * gradient - squares[i]), smallest)
        values[i] = shrink * values[i] - rate * means[i] / (sqrt(squares[i]) * correction + epsilon)
        gradients[i] = 0


@kernel(parallel=True)
def adam_parallel(values, gradients, means, squares, scalars):
    """`adam` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        adam(values[part], gradients[part], means[part], squares[part], scalars)


@kernel(separately=True)
def amsgrad(values, gradients, means, squares, largest, scalars):
    """`adam` with the root of the largest mean square so far."""
    rate, mean_rate, square_rate, correction, epsilon, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        gradient = gradients[i]
        means[i] = flush_small(means[i] + mean_rate * (gradient - means[i]), smallest)
        squares[i] = at_least(squares[i] + square_rate * (gradient * gradient - squares[i]), smallest)
        largest[i] = max(largest[i], squares[i])
        values[i] = shrink * values[i] - rate * means[i] / (sqrt(largest[i]) * correction + epsilon)
        gradients[i] = 0


@kernel(parallel=True)
def amsgrad_parallel(values, gradients, means, squares, largest, scalars):
    """`amsgrad` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        amsgrad(values[part], gradients[part], means[part], squares[part], largest[part], scalars)


@kernel(separately=True)
def adamax(values, gradients, means, largest, scalars):
    """Descend along the running mean gradient over its largest size, which decays."""
    rate, mean_rate, decay, epsilon, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        gradient = gradients[i]
        means[i] = flush_small(means[i] + mean_rate * (gradient - means[i]), smallest)
        largest[i] = max(decay * largest[i], abs(gradient) + epsilon)
        values[i] = shrink * values[i] - rate * means[i] / largest[i]
        gradients[i] = 0


@kernel(parallel=True)
def adamax_parallel(values, gradients, means, largest, scalars):
    """`adamax` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        adamax(values[part], gradients[part], means[part], largest[part], scalars)


@kernel(separately=True)
def nadam(values, gradients, means, squares, scalars):
    """`adam` one step ahead: `gradient_rate` goes to the gradient, `rate` to its running mean."""
    rate, gradient_rate, mean_rate, square_rate, correction, epsilon, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        gradient = gradients[i]
        means[i] = flush_small(means[i] + mean_rate * (gradient - means[i]), smallest)
        squares[i] = at_least(squares[i] + square_rate * (gradient * gradient - squares[i]), smallest)
        ahead = gradient_rate * gradient + rate * means[i]
        values[i] = shrink * values[i] - ahead / (sqrt(squares[i]) * correction + epsilon)
        gradients[i] = 0


@kernel(parallel=True)
def nadam_parallel(values, gradients, means, squares, scalars):
    """`nadam` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        nadam(values[part], gradients[part], means[part], squares[part], scalars)
