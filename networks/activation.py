"""Activation, plain: the reference. A function applied to every value, as a network of its own.

    value = f(input), and signal of the input = signal * f'(input)

For places where a layer's own activation would come too early: after a normalisation, or after a merge.
The functions and their sources are those of nn/activations.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_activation, check_input, check_signals
from networks.base.configuration import Fields
from networks.base.weightless import Weightless
from networks.base.wiring import NeuronLayer, OneToOne
from nn.activations import Activation
from nn.shape import AnyShape


class ActivationLayer(Weightless):
    """Applies a function to every value.

    Parameters
    ----------
    input_shape
        Any.
    activation
        The function.
    dtype
        float32 or float64.
    """

    family = "activation"
    activation: Activation

    def __init__(
        self, input_shape: AnyShape, *, activation: Activation, dtype: DTypeLike = np.float32
    ) -> None:
        super().__init__(input_shape, input_shape, dtype)
        self.activation = check_activation(self.family, activation)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the function of input values (*input_shape, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._values = self.activation(values)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*output_shape, N)."""
        check_signals(self, signals)
        self._signals = signals
        return signals * self.activation.derivative(self._values)

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the function at both ends of the input range: all functions here are monotonic."""
        low, high = (
            float(self.activation(np.array([end]))[0]) if math.isfinite(end) else limit
            for end, limit in zip(input_range, self.activation.range, strict=True)
        )
        return low, high

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return {**super().to_configuration(), "activation": self.activation.to_configuration()}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {"activation": fields.activation("activation")}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        return [self._neuron_layer(OneToOne(self.output_shape.size))]
