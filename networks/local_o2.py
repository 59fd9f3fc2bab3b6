"""Local, rung o2: register tiles of explicit SIMD over the windows, bands of rows in parallel.

Previous rung:  networks/local_o1.py
What changed:   1. a tile's sums, input signals and weight gradients run on the register tile of
                   nn/tile.py, which reads the window's rows where they lie in the image
                2. one pass backwards: deltas, input signals, weight gradients of a tile while its
                   weights and its window are in cache; activation and bias in the same pass forwards
                3. bands of tile rows run in parallel, the even ones and then the odd ones: windows of
                   bands two apart never overlap, so no sum is contended and no copy is needed
                4. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 10 to 20 a thread: o1 loads and stores a sum for every multiply-add (10 to 30
                GFLOP/s a core), the register tile does so once for a whole window
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
.. benchmark: end
Loses when:     the image has fewer than four bands (rows of tiles / (window / input block)): then the
                second thread finds little to do backwards
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp; the same bits for
                any number of threads, because bands meet in a fixed order
"""

from __future__ import annotations

import numpy as np

from networks import local_o1
from networks.checks import check_input, check_signals
from networks.dense_o2 import WORTH_A_REGION
from networks.descent import gradient_targets
from networks.storage import converts
from nn.history import LANES, aligned_zeros, pad_histories, padded
from nn.kernels import local as kernels
from nn.kernels import local_backward


@converts
class Local(local_o1.Local):
    """A locally connected layer; see `networks.local.Local`."""

    _entries = 0

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] == histories:
            return
        super()._reserve(histories)
        bands = -(-self.tiling.rows // self._band)
        window = padded(self.tiling.window**2 * self.input_shape.channels // self.groups) + LANES
        self._scratch = aligned_zeros((bands, (self.outputs_per_tile + window) * histories), self.dtype)
        width = padded(self.input_shape.size) + LANES
        self._transposed = aligned_zeros((histories, width), self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._entries = values.shape[-1]
        self._inputs = pad_histories(values)
        self._reserve(self._inputs.shape[-1])
        slope = self.dtype.type(self.activation.slope)
        arrays, _ = self._arrays(learning_rate=0)
        run = kernels.forward_parallel if self._parallel else kernels.forward_serial
        run(self._geometry, arrays, self.activation.code, slope)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = pad_histories(signals)
        arrays, scale = self._arrays(learning_rate)
        slope = self.dtype.type(self.activation.slope)
        run = local_backward.backward_parallel if self._parallel else local_backward.backward_serial
        run(self._geometry, arrays, self.activation.code, slope, scale, self.propagates)
        return self._input_signals[..., : self._entries]

    @property
    def _parallel(self) -> bool:
        """Whether a pass is worth a parallel region."""
        return self.connections * self._values.shape[-1] >= WORTH_A_REGION

    def _arrays(self, learning_rate: float | None) -> tuple[kernels.Arrays, np.floating]:
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        arrays = kernels.Arrays(
            weights=self.parameters["weights"],
            weights_target=weights,
            biases=self.parameters["biases"].ravel(),
            biases_target=biases.ravel(),
            inputs=self._inputs.ravel(),
            input_signals=self._input_signals.ravel(),
            values=self._values.ravel(),
            signals=self._signals.ravel(),
            transposed=self._transposed.ravel(),
            scratch=self._scratch,
        )
        return arrays, scale

    @property
    def values(self) -> np.ndarray:
        """Output values (H, W, C, N) of the last forward."""
        return self._values[..., : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (H, W, C, N) in the last backward."""
        return self._signals[..., : self._entries]
