"""The large local network that is compared with the machine's matrix-product rate.

Images of 384 x 384 x 3 are condensed by windows of 8 x 8 to 96 x 96 x 12 and 24 x 24 x 36, mixed channel by
channel after each, and expanded again by the mirror image: 98 million weights, none of them shared.
"""

from __future__ import annotations

import numpy as np

from networks import FAMILIES, Network, Sequential
from nn import LeakyReLU, Shape

IMAGE = Shape(384, 384, 3)

LAYERS = (
    {"input_block": 8, "window": 8, "output_block": 2, "channels": 12},
    {"input_block": 2, "window": 10, "output_block": 2, "channels": 12, "mixing": False},
    {"input_block": 8, "window": 8, "output_block": 2, "channels": 36},
    {"input_block": 2, "window": 6, "output_block": 2, "channels": 36, "mixing": False},
    {"input_block": 2, "window": 6, "output_block": 2, "channels": 36, "mixing": False},
    {"input_block": 2, "window": 2, "output_block": 8, "channels": 12},
    {"input_block": 2, "window": 10, "output_block": 2, "channels": 12, "mixing": False},
    {"input_block": 2, "window": 2, "output_block": 8, "channels": 3},
)
"""Blocks, windows and channels of each layer: down twice, mixed after each, and the mirror image."""


def large_local(rung: str = "o2") -> Sequential:
    """Build the network on a rung of the ladder.

    A training step is `network.forward(values)` and `network.backward(signals, learning_rate)`, which
    descends in the same pass: no gradient array is made.
    """
    layers = [FAMILIES["local"].rungs[rung].of(activation=LeakyReLU(), **layer) for layer in LAYERS]
    return Sequential(IMAGE, layers, generator=np.random.default_rng(0))


def operations(network: Network, histories: int) -> tuple[int, int]:
    """Return the floating-point operations of a forward, and of a backward with update."""
    forward = 2 * network.connections * histories
    return forward, 2 * forward
