"""The fast rungs of the activation layer: one compiled pass over arrays that are kept."""

from __future__ import annotations

import numpy as np

from networks import activation
from networks.base.weightless import Padded
from nn.kernels import elementwise as kernels
from nn.kernels.core.activations import multiply_by_derivative

WORTH_A_REGION = 100_000
"""Numbers from which a parallel region pays."""


class VectorActivation(Padded, activation.ActivationLayer):
    """Applies a function to every value, a vector of them at a time."""

    @property
    def _function(self) -> tuple[int, np.floating]:
        """What kernels call the function, and its parameter."""
        return self.activation.code, self.dtype.type(self.activation.slope)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the function of input values (*input_shape, N)."""
        inputs = self._take(values)
        arguments = *self._function, inputs, self._values.reshape(-1)
        if self.parallel and inputs.size >= WORTH_A_REGION:
            kernels.activate_parallel(*arguments)
        else:
            kernels.activate_range(*arguments, 0, inputs.size)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*output_shape, N)."""
        taken, values = self._take_signals(signals), self._values.reshape(-1)
        arguments = *self._function, values, taken, self._input_signals.reshape(-1)
        if self.parallel and taken.size >= WORTH_A_REGION:
            kernels.multiply_by_derivative_parallel(*arguments)
        else:
            multiply_by_derivative(*arguments)
        return self._sent()
