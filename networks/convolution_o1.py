"""Convolution, rung o1: the same windows as compiled loops on one thread.

Previous rung:  networks/convolution.py
What changed:   1. one loop over windows, taps and channels compiled by Numba, the histories innermost:
                   no call for each tap, no image of products that is added to the sums
                2. values, deltas and input signals are buffers kept between calls
Predicted gain: 1 to 5 where images are so small that NumPy's calls rule (some microseconds a tap);
                below 1 where channels are many, because NumPy's products run on a tuned library
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
.. benchmark: end
Loses when:     both sides have more than a few channels
Numerics:       1e-5 relative in float32: sums in another order than the library's
"""

from __future__ import annotations

import numpy as np

from networks import convolution
from networks.checks import check_input, check_signals
from networks.descent import gradient_targets
from nn.history import aligned_zeros
from nn.kernels.convolution_loops import correlate_loops, gather_loops, spread_loops


class Convolution(convolution.Convolution):
    """A convolutional layer; see `networks.convolution.Convolution`."""

    _forward_loops = staticmethod(gather_loops)
    _backward_loops = staticmethod(spread_loops)

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] != histories:
            self._values = aligned_zeros((*self.output_shape, histories), self.dtype)
            self._deltas = aligned_zeros((*self.output_shape, histories), self.dtype)
            self._input_signals = aligned_zeros((*self.input_shape, histories), self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._inputs = np.ascontiguousarray(values)
        self._reserve(values.shape[-1])
        axes = self.windows.rows, self.windows.columns
        self._forward_loops(*axes, self.parameters["weights"], self._inputs, self._values)
        self._values[...] = self.activation(self._values + self.parameters["biases"][:, None])
        return self._values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = signals
        np.multiply(signals, self.activation.derivative(self._values), out=self._deltas)
        axes = self.windows.rows, self.windows.columns
        if self.propagates:
            weights = self.parameters["weights"]
            self._backward_loops(*axes, weights, self._deltas, self._input_signals)
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        correlate_loops(*axes, *self._sides(self._deltas), weights, scale)
        biases += scale * self._deltas.sum(axis=(0, 1, 3))
        return self._input_signals


class TransposedConvolution(Convolution, convolution.TransposedConvolution):
    """The transpose of a convolution; see `networks.convolution.TransposedConvolution`."""

    _forward_loops = staticmethod(spread_loops)
    _backward_loops = staticmethod(gather_loops)
