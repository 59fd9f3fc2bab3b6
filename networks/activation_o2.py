"""Activation, rung o2: in parallel.

Previous rung:  networks/activation_o1.py
What changed:   1. chunks that fit into a core's cache run in parallel where it pays
                2. values and signals can be stored as bfloat16
Predicted gain: the number of threads, for functions with exp or tanh; less where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                    N  direction     ms  x plain  x below  x PyTorch  of the limit
    activation, 32x32x16  64  forward    0.124     1.39     0.98      14.69    79% memory
    activation, 32x32x16  64  backward   0.072     3.62     1.57       1.26   273% memory
.. benchmark: end
Loses when:     never expected: below the threshold it is o1
Numerics:       as o1, bit for bit
"""

from __future__ import annotations

import numpy as np

from networks.base.storage import HALF
from networks.base.vector_activation import VectorActivation
from nn.bfloat16 import as_stored
from nn.kernels import elementwise as kernels


class ActivationLayer(VectorActivation):
    """Applies a function to every value; see `networks.activation.ActivationLayer`."""

    parallel = True
    stores_halves = True

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the function of input values (*input_shape, N)."""
        if self.storage != HALF:
            return super().forward(values, training)
        inputs = self._take(values)
        kernels.activate_stored(*self._function, inputs, as_stored(self._values.reshape(-1)))
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*output_shape, N)."""
        if self.storage != HALF:
            return super().backward(signals, learning_rate)
        arrays = self._values, self._take_signals(signals), self._input_signals
        flat = (as_stored(array.reshape(-1)) for array in arrays)
        kernels.multiply_by_derivative_stored(*self._function, *flat)
        return self._sent()
