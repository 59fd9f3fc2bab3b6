"""Activation, rung o1: compiled loops on one thread.

Previous rung:  networks/activation.py
What changed:   1. the function, and its derivative times the signal, are one loop each, compiled by Numba,
                   without temporary arrays; for float32 exp and tanh are polynomials that vectorise
                2. values and input signals are buffers kept between calls
Predicted gain: 2 to 4: one pass over memory instead of two to five
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                    N  direction     ms  x below  x PyTorch  of the limit
    activation, 32x32x16  64  forward    0.608     0.62       2.22    42% memory
    activation, 32x32x16  64  backward   0.174     1.89       0.63   293% memory
.. benchmark: end
Loses when:     functions with exp or tanh, forwards: NumPy's own are whole vectors too, and in float64 the
                loops call the C library for every number
Numerics:       1e-5 relative in float32: polynomial exp and tanh
"""

from __future__ import annotations

import numpy as np

from networks import activation
from networks.base.weightless import Buffered
from nn.kernels import elementwise as kernels
from nn.kernels.core.activations import multiply_by_derivative


class ActivationLayer(Buffered, activation.ActivationLayer):
    """Applies a function to every value; see `networks.activation.ActivationLayer`."""

    @property
    def _function(self) -> tuple[int, np.floating]:
        """What kernels call the function, and its parameter."""
        return self.activation.code, self.dtype.type(self.activation.slope)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the function of input values (*input_shape, N)."""
        inputs = self._take(values)
        kernels.activate_range(*self._function, inputs, self._values.reshape(-1), 0, inputs.size)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*output_shape, N)."""
        taken, values = self._take_signals(signals), self._values.reshape(-1)
        multiply_by_derivative(*self._function, values, taken, self._input_signals.reshape(-1))
        return self._sent()
