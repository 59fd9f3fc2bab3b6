"""InputGradients: the gradients of a network with respect to its inputs, and losses made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.base.network import Network
from networks.second_order.families import make_tangent


class InputGradients:
    """Runs a network whose input gradients are part of a loss; see `networks.second_order`.

    With D the network, x its inputs, y its outputs and w fixed output signals,

        gradients = InputGradients(network)
        y = gradients.forward(x, training=True)
        g = gradients.backward(w)            # d (sum of w * y) / d x
        gradients.add_penalty(v, s)          # adds d (sum of v * g + sum of s * y) / d parameters

    where v is dLoss / dg, and s is dLoss / dy of the part of the loss that the outputs make.

    Parameters
    ----------
    network
        Any, on any rung, that stores float32 or float64. Its parameters are those that are trained.

    Raises
    ------
    ValueError
        When a family in it has no second-order terms.
    """

    def __init__(self, network: Network) -> None:
        self._tangent = make_tangent(network)
        self.network = network

    def forward(self, values: Any, training: bool = False) -> Any:
        """Return the outputs (*output_shape, N) of inputs (*input_shape, N); see `Network.forward`."""
        return self._tangent.forward(values, training)

    def backward(self, signals: Any) -> Any:
        """Return the signals of the inputs (*input_shape, N); the parameters' gradients stay as they are.

        Parameters
        ----------
        signals
            Of the outputs, (*output_shape, N), fixed: all ones for the gradients of the outputs' sum.
        """
        with self.network.parameters.gradients_kept():
            sent = self._tangent.backward(signals)
        return _copied(sent)

    def add_penalty(self, gradient_signals: Any, signals: Any) -> Any:
        """Add the parameters' gradients of a loss made of input gradients and outputs.

        Parameters
        ----------
        gradient_signals
            dLoss / d input gradients, (*input_shape, N), where inputs are quantities; zeros for labels.
        signals
            dLoss / d outputs, (*output_shape, N).

        Returns
        -------
        ndarray
            dLoss / d inputs, (*input_shape, N), where the network propagates.
        """
        self._tangent.forward_tangent(gradient_signals)
        return self._tangent.backward_tangent(signals)


def _copied(given: Any) -> Any:
    """Return arrays that the next pass does not overwrite."""
    if isinstance(given, np.ndarray):
        return given.copy()
    return {name: array.copy() for name, array in given.items()}
