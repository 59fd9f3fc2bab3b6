"""Softmax, plain: the reference. Turns the features of every pixel, or step, into probabilities.

    p[i] = exp(input[i] - m) / sum over j of exp(input[j] - m)        m = the greatest input

and backwards, with signal = dLoss / d p:

    signal[i] of the input = p[i] * (signal[i] - sum over j of signal[j] * p[j])

(Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs". Subtracting
m changes nothing but keeps exp from overflowing.) i and j run over the last axis before the
histories: the channels of an image, the features of a step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals
from networks.base.weightless import Weightless
from networks.base.wiring import Groups, NeuronLayer
from nn.shape import AnyShape
from nn.sums import total


class Softmax(Weightless):
    """Positive values that sum to 1 over the channels, or features.

    Parameters
    ----------
    input_shape
        Any.
    dtype
        float32 or float64.
    """

    family = "softmax"

    def __init__(self, input_shape: AnyShape, *, dtype: DTypeLike = np.float32) -> None:
        super().__init__(input_shape, input_shape, dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the probabilities of input values (..., features, N)."""
        check_input(self, values, self.input_shape, "input values")
        powers = np.exp(values - values.max(axis=-2, keepdims=True))
        self._values = powers / total(powers, axis=-2, keepdims=True)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (..., features, N)."""
        check_signals(self, signals)
        self._signals = signals
        mean = total(signals * self._values, axis=-2, keepdims=True)
        input_signals: np.ndarray = self._values * (signals - mean)
        return input_signals

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of probabilities, 0 to 1."""
        return 0.0, 1.0

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        return [self._neuron_layer(Groups(self.output_shape.size, self.output_shape[-1]))]
