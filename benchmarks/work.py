"""The work of a network: floating-point operations, and the fewest bytes that have to move."""

from __future__ import annotations

import numpy as np

from benchmarks.row import BACKWARD, BOTH, FORWARD, Work
from networks import Network

ITEM = np.dtype(np.float32).itemsize
ADAM_BYTES = 8 * ITEM
"""Adam reads value, gradient and two moments of a parameter, and writes all four: the gradient is cleared."""


def network_work(network: Network, histories: int) -> dict[str, Work]:
    """Return the work of a forward, of a backward, and of both together.

    A multiply-add is two operations; backwards there are two for every connection, one where the input
    signals are not needed. Each layer reads its inputs and weights and writes its values; backwards it reads
    inputs, values, signals and weights, writes input signals, and reads and writes gradients.
    """
    return _work(network, histories, gradient_bytes=2 * ITEM)


def descent_work(network: Network, histories: int) -> dict[str, Work]:
    """Return the work of a forward, of a backward that descends at once, and of both together.

    Instead of gradients that are read and written it writes the weights.
    """
    return _work(network, histories, gradient_bytes=ITEM)


def _work(network: Network, histories: int, gradient_bytes: int) -> dict[str, Work]:
    forward, backward = Work(0, 0), Work(0, 0)
    for layer in network.leaves.values():
        numbers = (layer.input_shape.size + layer.output_shape.size) * histories
        ends, parameters = numbers * layer.stored_dtype.itemsize, layer.parameters.size
        operations = 2 * layer.connections * histories
        products = 2 if layer.propagates else 1
        forward = _sum(forward, Work(operations, ends + ITEM * parameters))
        moved = 2 * ends + (ITEM + gradient_bytes) * parameters
        backward = _sum(backward, Work(products * operations, moved))
    return {FORWARD: forward, BACKWARD: backward, BOTH: _sum(forward, backward)}


def training_work(network: Network, histories: int) -> Work:
    """Return the work of a forward, a backward and a step of Adam."""
    return _sum(network_work(network, histories)[BOTH], Work(0, ADAM_BYTES * network.parameters.size))


def _sum(one: Work, other: Work) -> Work:
    return Work(one.operations + other.operations, one.moved + other.moved)
