"""Dense, rung o2: register tiles of explicit SIMD, in parallel.

Previous rung:  networks/dense_o1.py
What changed:   1. all three products run on the register tile of nn/kernels/core/tile.py: 8 rows by 2 vectors
                   of sums stay in registers while 10 loads feed 16 multiply-adds
                2. the weight gradient is a product too: the inputs are transposed once, so that its
                   vectors run along the weights and need no horizontal sums
                3. bias, activation and derivative are applied to a block of rows while it is in cache
                4. blocks of rows run in parallel where a layer is worth a parallel region
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 10 to 20: the loops of o1 reach 10 to 30 GFLOP/s a core, the tile comes close to the
                two 16-lane multiply-adds a cycle that the processor can do
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                    N  direction     ms  x below  x PyTorch  of the limit
    16 to 16                              32  forward    0.007     0.96       1.25     1% memory
    16 to 16                              32  backward   0.013     1.14       4.54     1% memory
    512 to 512                            64  forward    0.158     7.38       1.30  92% products
    512 to 512                            64  backward   0.356    27.39       1.38  82% products
    autoencoder 784-256-64-32-64-256-784  64  step       0.922    19.69       1.91  67% products
    tiny network 2-16-16-1                32  step       0.018     3.43      18.14     4% memory
    MNIST, 784-256-64-32-64-256-784       64  epoch        988     2.63       1.87  59% products
.. benchmark: end
Loses when:     never seen; below some hundred connections a call costs the same on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp; the same bits for
                any number of threads, because every sum is made by one thread in a fixed order
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks.base.checks import check_input, check_signals
from networks.base.dense_stored import WORTH_A_REGION, StoredDense
from networks.base.descent import gradient_targets
from networks.base.storage import HALF
from nn.history import aligned_zeros, pad_histories, padded
from nn.kernels.dense import layer as kernels

BLOCKS = 32
"""Blocks of rows of a parallel product: more than the threads, so that uneven ones even out."""


class Dense(StoredDense):
    """A fully connected layer; see `networks.dense.Dense`."""

    def _reserve(self, histories: int) -> None:
        if self._values.shape[1] != histories:
            self.use_buffers([aligned_zeros(shape, self.dtype) for shape in self.buffer_shapes(histories)])

    def buffer_shapes(self, histories: int) -> list[tuple[int, int]]:
        """Return the shapes of the arrays that are kept between calls, for `use_buffers`."""
        outputs, inputs = (self.output_shape.size, histories), (self.input_shape.size, histories)
        return [outputs, outputs, outputs, inputs, (histories, padded(self.input_shape.size))]

    def use_buffers(self, buffers: Sequence[np.ndarray]) -> None:
        """Work in these arrays from now on: values, deltas, scaled deltas, input signals, inputs turned."""
        self._values, self._deltas, self._scaled, self._input_signals, self._transposed = buffers

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        if self.storage == HALF:
            return self._forward_stored(values)
        check_input(self, values, self.input_shape, "input values")
        self._entries = values.shape[-1]
        self._inputs = pad_histories(values).reshape(self.input_shape.size, -1)
        self._reserve(self._inputs.shape[1])
        arguments = (
            self.parameters["weights"].ravel(),
            self.parameters["biases"],
            self._inputs.ravel(),
            self._values.ravel(),
            self.activation.code,
            self.dtype.type(self.activation.slope),
        )
        if self.blocks:
            kernels.forward_parallel(*arguments, self.blocks)
        else:
            kernels.forward_rows(*arguments, 0, self.output_shape.size)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        if self.storage == HALF:
            return self._backward_stored(signals, learning_rate)
        check_signals(self, signals)
        self._signals = pad_histories(signals).reshape(self.output_shape.size, -1)
        arrays, scale = self._arrays(learning_rate)
        slope = self.dtype.type(self.activation.slope)
        if self.blocks:
            kernels.backward_parallel(
                arrays, self.activation.code, slope, scale, self.propagates, self.blocks
            )
        else:
            kernels.backward_serial(arrays, self.activation.code, slope, scale, self.propagates)
        return self._input_signals.reshape(*self.input_shape, -1)[..., : self._entries]

    def _arrays(self, learning_rate: float | None) -> tuple[kernels.Arrays, np.floating]:
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        arrays = kernels.Arrays(
            weights=self.parameters["weights"].ravel(),
            weights_target=weights.ravel(),
            biases=self.parameters["biases"],
            biases_target=biases,
            inputs=self._inputs.ravel(),
            input_signals=self._input_signals.ravel(),
            values=self._values.ravel(),
            signals=self._signals.ravel(),
            deltas=self._deltas.ravel(),
            scaled=self._scaled.ravel(),
            transposed=self._transposed.ravel(),
        )
        return arrays, scale

    @property
    def blocks(self) -> int:
        """Blocks for the parallel kernels, 0 where one thread is faster."""
        worth = self.connections * self._values.shape[1] >= WORTH_A_REGION
        return min(BLOCKS, -(-self.output_shape.size // 8)) if worth else 0

    @property
    def values(self) -> np.ndarray:
        """Output values (H, W, C, N) of the last forward."""
        return super().values[..., : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (H, W, C, N) in the last backward."""
        return super().signals[..., : self._entries]
