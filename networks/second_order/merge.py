"""Second-order terms of merges. Concatenation and addition are linear; a product of inputs x1, x2, ... has

y'         = sum over k of xk' * product over the others
signal k'  = s' * product over the others + s * the change of that product
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from networks.base.network import Network
from networks.second_order.tangent import NonlinearTangent


class MultiplyTangent(NonlinearTangent):
    """The product of several inputs, number by number."""

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._values: list[np.ndarray] = []
        self._tangents: list[np.ndarray] = []

    def forward(self, values: Sequence[np.ndarray], training: bool) -> np.ndarray:
        """Keep the inputs."""
        self._values = list(values)
        outputs: np.ndarray = super().forward(values, training)
        return outputs

    def forward_tangent(self, tangents: Sequence[np.ndarray]) -> np.ndarray:
        """Return y'."""
        self._tangents = list(tangents)
        return self._changed_product(range(len(self._values)))

    def backward_tangent(self, signal_tangents: np.ndarray) -> Sequence[np.ndarray]:
        """Return the changes of the signals of every input."""
        places = range(len(self._values))
        return [
            signal_tangents * self._product([n for n in places if n != k])
            + self._signals * self._changed_product([n for n in places if n != k])
            for k in places
        ]

    def _product(self, places: Sequence[int]) -> np.ndarray:
        """Return the product of some inputs."""
        product = np.ones_like(self._values[0])
        for n in places:
            product = product * self._values[n]
        return product

    def _changed_product(self, places: Sequence[int]) -> np.ndarray:
        """Return how the product of some inputs changes."""
        change = np.zeros_like(self._values[0])
        for k in places:
            change = change + self._tangents[k] * self._product([n for n in places if n != k])
        return change
