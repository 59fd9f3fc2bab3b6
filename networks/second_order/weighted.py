"""Second-order terms of layers that apply a function to weighted sums: dense, windows, convolutions.

With z the sums, y = f(z), s the signals of y and delta those of z, all of the passes that came before:

    z'      = W x'                       y'      = f'(z) z'
    delta'  = f'(z) (s' + h(y) z' s)     signal' = W^T delta'
    dW'     = delta' x^T + delta x'^T    db'     = sum of delta'

where f'(z) is written as a function of the output, as in `nn.activations`, and h is its `curvature`: since
f''(z) = h(y) f'(z), the factor f'(z) is common to both terms of delta', and the layer's own backward, given
s' + h(y) z' s for signals, computes delta', its products with W^T and x, and db'.

The two products with x' are those of a second layer of the same rung, without biases and function.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from networks.base.network import Network
from networks.second_order.tangent import Tangent
from nn.activations import Activation, Identity


class WeightedTangent(Tangent):
    """A layer with parameters "weights" and "biases", and an activation.

    Attributes
    ----------
    products
        The layer of the same kind that is given x'.
    """

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        products = deepcopy(network)
        products.map_activations(lambda _: Identity())
        products.parameters["biases"][...] = 0
        products.propagates = False
        self.products: Network = products
        self._signals = np.zeros(0, network.dtype)

    def backward(self, signals: np.ndarray) -> np.ndarray:
        """Keep the signals: their array belongs to the network above, which reuses it."""
        self._signals = signals.copy()
        return super().backward(signals)

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return y' = f'(z) W x'."""
        parameters = self.products.parameters
        parameters["weights"][...] = self.network.parameters["weights"]
        parameters.zero_gradients()
        activation: Activation = self.network.activation
        sums = self.products.forward(tangents)
        if isinstance(activation, Identity):
            return sums
        return activation.derivative(self.network.values) * sums

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return W^T delta'; add the gradients."""
        activation, values = self.network.activation, self.network.values
        deltas, moved = self._signals, signal_tangents
        if not isinstance(activation, Identity):
            moved = moved + activation.curvature(values) * self.products.values * deltas
            deltas = activation.derivative(values) * deltas
        self.products.backward(deltas)
        self.network.parameters.gradient("weights")[...] += self.products.parameters.gradient("weights")
        return self.network.backward(moved)


class ActivationTangent(Tangent):
    """A function applied to every value: the lines above with z' = x'."""

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._signals = self._tangents = np.zeros(0, network.dtype)

    def backward(self, signals: np.ndarray) -> np.ndarray:
        """Keep the signals."""
        self._signals = signals.copy()
        return super().backward(signals)

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return f'(x) x'."""
        self._tangents = tangents
        derivative: np.ndarray = self.network.activation.derivative(self.network.values)
        return derivative * tangents

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return f'(x) (s' + h(y) x' s)."""
        curvature = self.network.activation.curvature(self.network.values)
        return self.network.backward(signal_tangents + curvature * self._tangents * self._signals)
