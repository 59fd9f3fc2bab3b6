"""Optimizer steps that follow the gradient, or the gradient over a root of its squares.

Each is one pass over the flat arrays that updates the values and clears the gradients. Every rule is
elementwise and comes twice: serial, and a thin parallel wrapper that calls the serial one on fixed
chunks. So the bits are the same on both paths and for any number of threads. The loops are left to the
compiler: it vectorises them with vectors as wide as the processor's, roots and divisions included, and
they run at the speed of the memory. Scalars are converted to the arrays' dtype first, or the arithmetic would
be done in float64; `shrink` is the factor of decoupled weight decay.
"""

from math import copysign, sqrt

from numba import prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.scalars import at_least, flush_small, flush_threshold, in_dtype_of

CHUNK = 1 << 15
"""Parameters that one thread updates at a time: 128 KiB of float32, a share of a second-level cache."""


@kernel(separately=True)
def sgd(values, gradients, scalars):
    """Descend along the gradients."""
    rate, shrink = in_dtype_of(values, scalars)
    for i in range(values.size):
        values[i] = shrink * values[i] - rate * gradients[i]
        gradients[i] = 0


@kernel(parallel=True)
def sgd_parallel(values, gradients, scalars):
    """`sgd` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        sgd(values[part], gradients[part], scalars)


@kernel(separately=True)
def sgd_with_momentum(values, gradients, velocities, scalars):
    """Descend along the velocities, or, for Nesterov's method, along the velocities one step ahead.

    The direction is `along` times the velocity plus `ahead` times the gradient.
    """
    rate, momentum, along, ahead, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        velocity = flush_small(momentum * velocities[i] + gradients[i], smallest)
        velocities[i] = velocity
        values[i] = shrink * values[i] - rate * (ahead * gradients[i] + along * velocity)
        gradients[i] = 0


@kernel(parallel=True)
def sgd_with_momentum_parallel(values, gradients, velocities, scalars):
    """`sgd_with_momentum` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        sgd_with_momentum(values[part], gradients[part], velocities[part], scalars)


@kernel(separately=True)
def rmsprop(values, gradients, squares, scalars):
    """Divide each gradient by the root of its running mean square."""
    rate, square_rate, epsilon, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        gradient = gradients[i]
        squares[i] = at_least(squares[i] + square_rate * (gradient * gradient - squares[i]), smallest)
        values[i] = shrink * values[i] - rate * gradient / (sqrt(squares[i]) + epsilon)
        gradients[i] = 0


@kernel(parallel=True)
def rmsprop_parallel(values, gradients, squares, scalars):
    """`rmsprop` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        rmsprop(values[part], gradients[part], squares[part], scalars)


@kernel(separately=True)
def rmsprop_with_momentum(values, gradients, squares, velocities, scalars):
    """`rmsprop`, and descend along the velocities that its steps add up to."""
    rate, square_rate, epsilon, momentum, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        gradient = gradients[i]
        squares[i] = at_least(squares[i] + square_rate * (gradient * gradient - squares[i]), smallest)
        velocities[i] = flush_small(
            momentum * velocities[i] + gradient / (sqrt(squares[i]) + epsilon), smallest
        )
        values[i] = shrink * values[i] - rate * velocities[i]
        gradients[i] = 0


@kernel(parallel=True)
def rmsprop_with_momentum_parallel(values, gradients, squares, velocities, scalars):
    """`rmsprop_with_momentum` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        rmsprop_with_momentum(values[part], gradients[part], squares[part], velocities[part], scalars)


@kernel(separately=True)
def rmsprop_centered(values, gradients, squares, means, velocities, scalars):
    """`rmsprop_with_momentum` with the running variance, which rounding must not make negative."""
    rate, square_rate, epsilon, momentum, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    zero = values.dtype.type(0)
    for i in range(values.size):
        gradient = gradients[i]
        squares[i] = at_least(squares[i] + square_rate * (gradient * gradient - squares[i]), smallest)
        means[i] = flush_small(means[i] + square_rate * (gradient - means[i]), smallest)
        variance = max(squares[i] - means[i] * means[i], zero)
        velocities[i] = flush_small(
            momentum * velocities[i] + gradient / (sqrt(variance) + epsilon), smallest
        )
        values[i] = shrink * values[i] - rate * velocities[i]
        gradients[i] = 0


@kernel(parallel=True)
def rmsprop_centered_parallel(values, gradients, squares, means, velocities, scalars):
    """`rmsprop_centered` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        rmsprop_centered(values[part], gradients[part], squares[part], means[part], velocities[part], scalars)


@kernel(separately=True)
def adagrad(values, gradients, squares, scalars):
    """Divide each gradient by the root of the sum of its squares."""
    rate, epsilon, shrink = in_dtype_of(values, scalars)
    for i in range(values.size):
        gradient = gradients[i]
        squares[i] += gradient * gradient
        values[i] = shrink * values[i] - rate * gradient / (sqrt(squares[i]) + epsilon)
        gradients[i] = 0


@kernel(parallel=True)
def adagrad_parallel(values, gradients, squares, scalars):
    """`adagrad` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        adagrad(values[part], gradients[part], squares[part], scalars)


@kernel(separately=True)
def adadelta(values, gradients, squares, changes, scalars):
    """Give each gradient the root mean square of the changes so far, over its own."""
    rate, square_rate, epsilon, shrink = in_dtype_of(values, scalars)
    smallest = flush_threshold(values)
    for i in range(values.size):
        gradient = gradients[i]
        squares[i] = at_least(squares[i] + square_rate * (gradient * gradient - squares[i]), smallest)
        change = gradient * (sqrt(changes[i] + epsilon) / sqrt(squares[i] + epsilon))
        changes[i] = flush_small(changes[i] + square_rate * (change * change - changes[i]), smallest)
        values[i] = shrink * values[i] - rate * change
        gradients[i] = 0


@kernel(parallel=True)
def adadelta_parallel(values, gradients, squares, changes, scalars):
    """`adadelta` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        adadelta(values[part], gradients[part], squares[part], changes[part], scalars)


@kernel(separately=True)
def ftrl(values, gradients, squares, held_back, scalars):
    """Follow the proximally regularised leader.

    `pull` is the paper's z times the rate. What L1 and L2 have held back of the gradients so far is stored
    instead of z itself: it does not grow as the rate falls, so nothing is lost when it rises again.
    """
    rate, beta, l1, l2 = in_dtype_of(values, scalars)
    zero = values.dtype.type(0)
    for i in range(values.size):
        gradient = gradients[i]
        squares[i] += gradient * gradient
        scale = beta + sqrt(squares[i])
        pull = rate * (held_back[i] + gradient) - scale * values[i]
        excess = abs(pull) - rate * l1
        moved = -copysign(excess, pull) / (scale + rate * l2)
        held_back[i] = pull / rate if excess <= 0 else copysign(l1, pull) - l2 * moved
        values[i] = zero if excess <= 0 else moved
        gradients[i] = 0


@kernel(parallel=True)
def ftrl_parallel(values, gradients, squares, held_back, scalars):
    """`ftrl` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        ftrl(values[part], gradients[part], squares[part], held_back[part], scalars)
