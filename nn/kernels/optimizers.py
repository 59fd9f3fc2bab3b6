"""Optimizer steps: each one pass over the flat arrays that updates the values and clears the gradients.

Every rule is elementwise and comes twice: serial, and a thin parallel wrapper that calls the serial
one on fixed chunks. So the bits are the same on both paths and for any number of threads. Scalars
must have the arrays' dtype, or the arithmetic would be done in float64.
"""

from math import sqrt

from numba import njit, prange

CHUNK = 1 << 15
"""Parameters that one thread updates at a time: 128 KiB of float32, a share of a second-level cache."""


@njit(cache=True, nogil=True, error_model="numpy")
def descend(values, gradients, rate):
    """values -= rate * gradients."""
    for i in range(values.size):
        values[i] -= rate * gradients[i]
        gradients[i] = 0


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def descend_parallel(values, gradients, rate):
    """`descend` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        descend(values[part], gradients[part], rate)


@njit(cache=True, nogil=True, error_model="numpy")
def descend_with_momentum(values, gradients, velocities, rate, momentum, nesterov):
    """velocities = momentum * velocities + gradients; descend along them, or one step ahead of them."""
    for i in range(values.size):
        velocity = momentum * velocities[i] + gradients[i]
        velocities[i] = velocity
        if nesterov:
            velocity = gradients[i] + momentum * velocity
        values[i] -= rate * velocity
        gradients[i] = 0


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def descend_with_momentum_parallel(values, gradients, velocities, rate, momentum, nesterov):
    """`descend_with_momentum` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        descend_with_momentum(values[part], gradients[part], velocities[part], rate, momentum, nesterov)


@njit(cache=True, nogil=True, error_model="numpy")
def rmsprop(values, gradients, squares, rate, square_rate, epsilon):
    """Divide each gradient by the root of its running mean square."""
    for i in range(values.size):
        gradient = gradients[i]
        squares[i] += square_rate * (gradient * gradient - squares[i])
        values[i] -= rate * gradient / (sqrt(squares[i]) + epsilon)
        gradients[i] = 0


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def rmsprop_parallel(values, gradients, squares, rate, square_rate, epsilon):
    """`rmsprop` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        rmsprop(values[part], gradients[part], squares[part], rate, square_rate, epsilon)


@njit(cache=True, nogil=True, error_model="numpy")
def adam(values, gradients, means, squares, rate, mean_rate, square_rate, correction, epsilon, shrink):
    """Descend along the running mean gradient over the root of its running mean square.

    `rate` holds the correction of the mean's bias, `correction` that of the root; values are first
    multiplied by `shrink`, the decoupled weight decay.
    """
    for i in range(values.size):
        gradient = gradients[i]
        means[i] += mean_rate * (gradient - means[i])
        squares[i] += square_rate * (gradient * gradient - squares[i])
        values[i] = shrink * values[i] - rate * means[i] / (sqrt(squares[i]) * correction + epsilon)
        gradients[i] = 0


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def adam_parallel(
    values, gradients, means, squares, rate, mean_rate, square_rate, correction, epsilon, shrink
):
    """`adam` in chunks."""
    for chunk in prange(-(-values.size // CHUNK)):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        adam(
            values[part],
            gradients[part],
            means[part],
            squares[part],
            rate,
            mean_rate,
            square_rate,
            correction,
            epsilon,
            shrink,
        )
