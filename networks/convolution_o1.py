"""Convolution, rung o1: the same windows as compiled loops on one thread.

Previous rung:  networks/convolution.py
What changed:   1. one loop over windows, taps and channels compiled by Numba, the histories innermost:
                   no call for each tap, no image of products that is added to the sums
                2. values, deltas and input signals are buffers kept between calls
Predicted gain: 1 to 5 where images are so small that NumPy's calls rule (some microseconds a tap);
                below 1 where channels are many, because NumPy's products run on a tuned library
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                                  N  direction     ms  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                                 64  forward    0.407     7.71       0.29     7% memory
    28x28x1 to 14x14x16                                 64  backward    2.12     0.78       0.39     3% memory
    14x14x16 to 7x7x32                                  64  forward     2.04     0.23       0.12  11% products
    14x14x16 to 7x7x32                                  64  backward    9.28     0.19       0.08   5% products
    64x64x3 to 32x32x16                                 64  forward     5.59     0.56       0.10   9% products
    64x64x3 to 32x32x16                                 64  backward    24.0     0.66       0.16   4% products
    32x32x16 to 32x32x32                                64  forward     46.0     0.22       0.08  11% products
    32x32x16 to 32x32x32                                64  backward     202     0.21       0.04   5% products
    32x32x16 to 16x16x32                                64  forward     11.4     0.21       0.08  11% products
    32x32x16 to 16x16x32                                64  backward    50.8     0.20       0.09   5% products
    14x14x16 to 28x28x1, transposed                     64  forward    0.311     0.80       2.30    10% memory
    14x14x16 to 28x28x1, transposed                     64  backward    1.37     2.11       0.25     4% memory
    7x7x32 to 14x14x16, transposed                      64  forward     2.10     0.27       0.23  11% products
    7x7x32 to 14x14x16, transposed                      64  backward    9.61     0.22       0.07   5% products
    16x16x32 to 32x32x16, transposed                    64  forward     12.2     0.27       0.14  10% products
    16x16x32 to 32x32x16, transposed                    64  backward    53.2     0.23       0.05   5% products
    32x32x16 to 64x64x3, transposed                     64  forward     5.18     0.43       0.74   9% products
    32x32x16 to 64x64x3, transposed                     64  backward    23.1     0.70       0.09   4% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32 and back    64  step        27.6     0.46       0.14   5% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32 and back  64  step         182     0.36       0.09   5% products
.. benchmark: end
Loses when:     a side has more than a few channels, backwards sooner than forwards
Numerics:       1e-5 relative in float32: sums in another order than the library's
"""

from __future__ import annotations

import numpy as np

from networks import convolution
from networks.base.checks import check_input, check_signals
from networks.base.descent import gradient_targets
from nn.history import aligned_zeros
from nn.kernels.convolution.loops import correlate_loops, gather_loops, spread_loops
from nn.sums import total


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
        biases += scale * total(self._deltas, axis=(0, 1, 3))
        return self._input_signals


class TransposedConvolution(Convolution, convolution.TransposedConvolution):
    """The transpose of a convolution; see `networks.convolution.TransposedConvolution`."""

    _forward_loops = staticmethod(spread_loops)
    _backward_loops = staticmethod(gather_loops)
