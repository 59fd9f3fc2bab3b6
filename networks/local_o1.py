"""Local, rung o1: the same windows as compiled loops over flat arrays, on one thread.

Previous rung:  networks/local.py
What changed:   1. windows are walked by their strides: no slices, no copies, no call per tile
                2. histories are the innermost loop, contiguous for values, signals and deltas
Predicted gain: 3 to 10 on small tiles, where the plain rung spends its time in calls (some
                microseconds a tile); nothing where a tile is large enough for NumPy's products
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                                 N  direction     ms  x below  x PyTorch  of the limit
    64x64x3 to 32x32x8, windows 5                      32  forward     2.37     7.95       9.70  14% products
    64x64x3 to 32x32x8, windows 5                      32  backward    11.6     2.27       2.31   6% products
    32x32x8 to 16x16x16, windows 5                     32  forward     2.91     1.88       2.35  14% products
    32x32x8 to 16x16x16, windows 5                     32  backward    13.8     0.71       0.82   6% products
    16x16x16 to 32x32x8, windows 5                     32  forward     10.7     0.69       1.34  15% products
    16x16x16 to 32x32x8, windows 5                     32  backward    48.9     0.33       0.56   6% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16 and back  32  step         143     1.04       1.84   7% products
    384x384x3, 98 M weights, 8 histories                8  forward      366                         4% memory
    384x384x3, 98 M weights, 8 histories                8  backward     595                         5% memory
    384x384x3, 98 M weights, 32 histories              32  forward      448                      12% products
    384x384x3, 98 M weights, 32 histories              32  backward   2,058                       5% products
.. benchmark: end
Loses when:     tiles have some hundred inputs and several outputs, backwards sooner than forwards
Numerics:       1e-5 relative in float32: sums in another order
"""

from __future__ import annotations

import numpy as np

from networks import local
from networks.base.checks import check_input, check_signals
from networks.base.descent import gradient_targets
from nn.history import aligned_zeros
from nn.kernels.dense.layer import bias_gradients
from nn.kernels.local.forward import Geometry
from nn.kernels.local.loops import forward_loops, input_signals_loops, weight_gradients_loops


class Local(local.Local):
    """A locally connected layer; see `networks.local.Local`."""

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] != histories:
            self._values = aligned_zeros((*self.output_shape, histories), self.dtype)
            self._deltas = aligned_zeros((*self.output_shape, histories), self.dtype)
            self._input_signals = aligned_zeros((*self.input_shape, histories), self.dtype)
            self._geometry = self._make_geometry(histories)

    def _make_geometry(self, histories: int) -> Geometry:
        return Geometry(
            row_spans=self.tiling.row_spans,
            column_spans=self.tiling.column_spans,
            weight_offsets=self.weight_offsets,
            width=self.input_shape.width,
            channels=self.input_shape.channels,
            block=self.tiling.output_block,
            output_channels=self.output_shape.channels,
            groups=self.groups,
            histories=histories,
        )

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._inputs = np.ascontiguousarray(values)
        self._reserve(values.shape[-1])
        biases = self.parameters["biases"].ravel()
        forward_loops(
            self._geometry, self.parameters["weights"], biases, self._inputs.ravel(), self._values.ravel()
        )
        self._values[...] = self.activation(self._values)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = signals
        np.multiply(signals, self.activation.derivative(self._values), out=self._deltas)
        deltas = self._deltas.ravel()
        if self.propagates:
            weights = self.parameters["weights"]
            input_signals_loops(self._geometry, weights, deltas, self._input_signals.ravel())
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        weight_gradients_loops(self._geometry, deltas, self._inputs.ravel(), weights, scale)
        bias_gradients(self._deltas.reshape(self.output_shape.size, -1), biases.ravel(), scale)
        return self._input_signals
