"""Second-order terms of max pooling: the pixel that won passes on its change, and the others none."""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.second_order.tangent import Tangent


class MaxPoolingTangent(Tangent):
    """Max pooling, windowed or global: linear as long as the winners stay the same."""

    network: Any

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return the tangents of the winners."""
        chosen: np.ndarray = self.network.values_of_winners(tangents)
        return chosen

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Send the changes of the signals to the winners."""
        return self.network.backward(signal_tangents)
