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
from networks.second_order.derivatives import times_derivative
from networks.second_order.tangent import NonlinearTangent
from nn.activations import Identity


class WeightedTangent(NonlinearTangent):
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

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return y' = f'(z) W x'."""
        parameters = self.products.parameters
        parameters["weights"][...] = self.network.parameters["weights"]
        parameters.zero_gradients()
        sums = self.products.forward(tangents)
        return times_derivative(self.network.activation, self.network.values, sums)

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return W^T delta'; add the gradients."""
        activation, values = self.network.activation, self.network.values
        moved = signal_tangents
        if not activation.piecewise_linear:
            moved = moved + activation.curvature(values) * self.products.values * self._signals
        self.products.backward(times_derivative(activation, values, self._signals))
        self.network.parameters.gradient("weights")[...] += self.products.parameters.gradient("weights")
        return self.network.backward(moved)


class ActivationTangent(NonlinearTangent):
    """A function applied to every value: the lines above with z' = x'."""

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._tangents = np.zeros(0, network.dtype)

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return f'(x) x'."""
        self._tangents = tangents
        return times_derivative(self.network.activation, self.network.values, tangents)

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return f'(x) (s' + h(y) x' s)."""
        activation, moved = self.network.activation, signal_tangents
        if not activation.piecewise_linear:
            moved = moved + activation.curvature(self.network.values) * self._tangents * self._signals
        return self.network.backward(moved)
