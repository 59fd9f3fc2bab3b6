"""Softmax, rung o1: the same sums as compiled loops on one thread.

Previous rung:  networks/softmax.py
What changed:   1. three loops over the features of one entry at a time, compiled by Numba, instead of five
                   passes over whole arrays; for float32 exp is a polynomial
                2. values and input signals are buffers kept between calls
Predicted gain: 1 to 5 where the arrays lie in the cache: no temporary arrays and no call overhead
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                 N  direction     ms  x below  x PyTorch  of the limit
    softmax, 1x1x1000  64  forward    0.356     0.32       0.36     4% memory
    softmax, 1x1x1000  64  backward   0.188     0.29       1.30    17% memory
.. benchmark: end
Loses when:     the arrays are larger than the nearest cache: neighbouring numbers of an entry lie a batch
                apart
Numerics:       1e-5 relative in float32: sums in another order, polynomial exp
"""

from __future__ import annotations

import numpy as np

from networks import softmax
from networks.base.weightless import Buffered
from nn.kernels import softmax as kernels
from nn.shape import features_of


class Softmax(Buffered, softmax.Softmax):
    """Positive values that sum to 1; see `networks.softmax.Softmax`."""

    def _sides(self) -> tuple[int, int]:
        """Return the number of features and of histories."""
        return features_of(self.input_shape), self._values.shape[-1]

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the probabilities of input values (..., features, N)."""
        inputs = self._take(values)
        kernels.softmax_loops(inputs, *self._sides(), self._values.reshape(-1))
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (..., features, N)."""
        taken, outputs = self._take_signals(signals), self._values.reshape(-1)
        kernels.softmax_signals_loops(taken, outputs, *self._sides(), self._input_signals.reshape(-1))
        return self._sent()
