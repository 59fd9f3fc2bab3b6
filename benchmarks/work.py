"""How much a network has to do: floating-point operations, and the fewest bytes that have to move."""

from __future__ import annotations

import numpy as np

from benchmarks.row import BACKWARD, BOTH, FORWARD, Work
from networks.network import Network

ITEM = np.dtype(np.float32).itemsize
ADAM_BYTES = 8 * ITEM
"""Adam reads value, gradient and two moments of a parameter, and writes all four: the gradient is cleared."""


def network_work(network: Network, histories: int) -> dict[str, Work]:
    """Return the work of a forward, of a backward, and of both together.

    A multiply-add is two operations; backwards there are two for every connection, one where nobody asks
    for the input signals. Each layer reads its inputs and weights and writes its values; backwards it reads
    inputs, values, signals and weights, writes input signals, and reads and writes gradients.
    """
    forward, backward = Work(0, 0), Work(0, 0)
    for layer in network.leaves.values():
        ends = (layer.input_shape.size + layer.output_shape.size) * histories
        parameters = layer.parameters.size
        operations = 2 * layer.connections * histories
        products = 2 if layer.propagates else 1
        forward = _sum(forward, Work(operations, ITEM * (ends + parameters)))
        backward = _sum(backward, Work(products * operations, ITEM * (2 * ends + 3 * parameters)))
    return {FORWARD: forward, BACKWARD: backward, BOTH: _sum(forward, backward)}


def training_work(network: Network, histories: int) -> Work:
    """Return the work of a forward, a backward and a step of Adam."""
    return _sum(network_work(network, histories)[BOTH], Work(0, ADAM_BYTES * network.parameters.size))


def _sum(one: Work, other: Work) -> Work:
    return Work(one.operations + other.operations, one.moved + other.moved)
