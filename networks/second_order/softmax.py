"""Second-order terms of the softmax.

p'      = p (x' - sum over j of p x')
signal' = p' (s - sum over j of s p) + p (s' - sum over j of (s' p + s p'))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.base.network import Network
from networks.second_order.tangent import NonlinearTangent
from nn.sums import total


class SoftmaxTangent(NonlinearTangent):
    """A softmax over the last axis before the histories."""

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._tangents = np.zeros(0, network.dtype)

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return p'."""
        p = self.network.values
        self._tangents = p * (tangents - total(p * tangents, axis=-2, keepdims=True))
        return self._tangents

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return the change of the input signals."""
        signals, tangents = self._signals, self._tangents
        mean = total(signals * self.network.values, axis=-2, keepdims=True)
        moved = total(signals * tangents, axis=-2, keepdims=True)
        through: np.ndarray = self.network.backward(signal_tangents)
        return through + tangents * (signals - mean) - self.network.values * moved
