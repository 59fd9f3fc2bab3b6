"""Dense, rung o1: the same sums as compiled loops on one thread.

Previous rung:  networks/dense.py
What changed:   1. the three matrix products are loops over flat arrays, compiled by Numba, with the
                   histories innermost: a weight is loaded once and applied to the whole batch
                2. values, deltas and input signals are buffers kept between calls
Predicted gain: below 1 where NumPy's products run on a tuned library (the loops reach a tenth of the
                machine's rate); above 1 for layers so small that NumPy's call overhead rules
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                    N  direction     ms  x below  x PyTorch  of the limit
    16 to 16                              32  forward    0.006     1.23       1.30     3% memory
    16 to 16                              32  backward   0.015     0.96       3.99     2% memory
    512 to 512                            64  forward     1.16     0.31       0.18  25% products
    512 to 512                            64  backward    9.74     0.09       0.05   6% products
    autoencoder 784-256-64-32-64-256-784  64  step        18.2     0.14       0.10   7% products
    tiny network 2-16-16-1                32  step       0.060     1.23       5.29     2% memory
.. benchmark: end
Loses when:     the layer has more than some thousand connections
Numerics:       1e-5 relative in float32: sums in another order than the library's
"""

from __future__ import annotations

import numpy as np

from networks import dense
from networks.base.checks import check_input, check_signals
from networks.base.descent import gradient_targets
from nn.history import aligned_zeros
from nn.kernels.dense.layer import bias_gradients, forward_loops, input_signals_loops, weight_gradients_loops


class Dense(dense.Dense):
    """A fully connected layer; see `networks.dense.Dense`."""

    def _reserve(self, histories: int) -> None:
        if self._values.shape[1] != histories:
            outputs, inputs = self.output_shape.size, self.input_shape.size
            self._values = aligned_zeros((outputs, histories), self.dtype)
            self._deltas = aligned_zeros((outputs, histories), self.dtype)
            self._input_signals = aligned_zeros((inputs, histories), self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._inputs = np.ascontiguousarray(values).reshape(self.input_shape.size, -1)
        self._reserve(self._inputs.shape[1])
        forward_loops(self.parameters["weights"], self.parameters["biases"], self._inputs, self._values)
        self._values[...] = self.activation(self._values)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = signals.reshape(self.output_shape.size, -1)
        np.multiply(self._signals, self.activation.derivative(self._values), out=self._deltas)
        if self.propagates:
            input_signals_loops(self.parameters["weights"], self._deltas, self._input_signals)
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        weight_gradients_loops(self._deltas, self._inputs, weights, scale)
        bias_gradients(self._deltas, biases, scale)
        return self._input_signals.reshape(*self.input_shape, -1)
