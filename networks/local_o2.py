"""Local, rung o2: register tiles of explicit SIMD over the windows, bands of rows in parallel.

Previous rung:  networks/local_o1.py
What changed:   1. a tile's sums run on the register tile of nn/tile.py, which reads the window's rows
                   where they lie in the image; for up to 8 histories vectors run along the inputs
                   instead (nn/few_sums.py), so that no lane is empty
                2. one pass backwards (nn/few_gradients.py): 8 histories of a vector of inputs and of
                   their signals stay in registers through all outputs, and every weight is read and
                   written once; more histories come in blocks of 8
                3. windows that do not overlap are transposed tile by tile in cache, of others the image
                   once; weights and windows are prefetched where no hardware prefetcher follows
                4. rows of tiles run in parallel forwards; backwards bands of them, the even ones and then
                   the odd ones: windows of bands two apart never overlap, so no sum is contended
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 10 to 20 a thread: o1 loads and stores a sum for every multiply-add (10 to 30
                GFLOP/s a core), here one is loaded for eight and more. 8 histories against vectors of
                16 histories: 2, until memory is the limit (4 bytes a weight forwards, 8 backwards)
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
.. benchmark: end
Loses when:     lines of a window are short of whole vectors: 10 of 16 lanes work for a channel's windows
                of 10 x 10, 6 of 16 for those of 6 x 6
Limits:         forwards rows of tiles, backwards half the bands are the most threads that find work: 48
                and 6 for windows of 10 on 48 x 48 tiles; of others, all rows and half of them. 16 cores
                want larger images or tiles cut by columns too; at 64, memory bandwidth is the limit for
                8 histories long before
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
from nn.few import FEW
from nn.history import LANES, aligned_zeros, pad_histories, padded
from nn.kernels import local as kernels
from nn.kernels import local_backward, local_few


@converts
class Local(local_o1.Local):
    """A locally connected layer; see `networks.local.Local`."""

    _entries = 0

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] == histories:
            return
        self._values = aligned_zeros((*self.output_shape, histories), self.dtype)
        self._input_signals = aligned_zeros((*self.input_shape, histories), self.dtype)
        self._geometry = geometry = self._make_geometry(histories)
        block = self.outputs_per_tile * self.groups * histories
        transposed = histories * geometry.transposed_row
        own, shared = (0, transposed * self.groups) if geometry.overlapping else (transposed, 0)
        blocks = geometry.together + (self.groups > 1)
        scratch = (block + FEW) * blocks + 2 * own
        self._scratch = aligned_zeros((self.tiling.rows, padded(scratch)), self.dtype)
        self._transposed = aligned_zeros(self.input_shape.height * shared, self.dtype)
        self._transposed_signals = aligned_zeros(self.input_shape.height * shared, self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._entries = values.shape[-1]
        self._inputs = pad_histories(values, self._multiple)
        self._reserve(self._inputs.shape[-1])
        slope = self.dtype.type(self.activation.slope)
        arrays, _ = self._arrays(learning_rate=0)
        parallel, serial = (
            (local_few.few_parallel, local_few.few_serial)
            if self._multiple == FEW
            else (kernels.forward_parallel, kernels.forward_serial)
        )
        run = parallel if self._parallel else serial
        run(self._geometry, arrays, self.activation.code, slope)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = pad_histories(signals, self._multiple)
        arrays, scale = self._arrays(learning_rate)
        slope = self.dtype.type(self.activation.slope)
        run = local_backward.backward_parallel if self._parallel else local_backward.backward_serial
        run(self._geometry, arrays, self.activation.code, slope, scale, self.propagates)
        return self._input_signals[..., : self._entries]

    @property
    def _multiple(self) -> int:
        """What histories are padded to: half a vector where that holds all of them."""
        return FEW if self._entries <= FEW else LANES

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
            transposed=self._transposed,
            transposed_signals=self._transposed_signals,
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
