"""The bfloat16 arrays and passes of a dense layer of rung o2, at half the size.

Weights are rounded into a copy in every forward, since the parameters may have changed: a group of
rows at a time, just before it is multiplied, so that they come from memory once. Inputs, values, deltas and
signals are stored as bfloat16; sums, biases and gradients are float32.
"""

from __future__ import annotations

import numpy as np

from networks.base.gradient_targets import gradient_targets
from networks.base.tiled_dense import BLOCKS, WORTH_A_REGION, TiledDense
from nn.bfloat16 import BFLOAT16
from nn.bfloat16_arrays import converted
from nn.deep_copied import DeepCopied
from nn.history import aligned_zeros, pad_histories, padded
from nn.kernels.dense import stored as kernels


class StoredDense(DeepCopied):
    """The bfloat16 arrays of a dense layer, which is passed to every call and shows them as its own."""

    _inputs: np.ndarray | None = None
    """The inputs of the last forward, where they had to be rounded."""

    def _reserve(self, layer: TiledDense, histories: int) -> None:
        if layer.value_rows.shape[1] == histories:
            return
        outputs, inputs = layer.output_shape.size, layer.input_shape.size
        layer.value_rows = aligned_zeros((outputs, histories), BFLOAT16)
        layer.input_signal_rows = aligned_zeros((inputs, histories), BFLOAT16)
        worth = outputs * inputs * histories >= WORTH_A_REGION
        self._blocks = min(BLOCKS, -(-outputs // 8)) if worth else 1
        self._scratch = aligned_zeros(self._blocks * 3 * kernels.GROUP * histories)
        self._reserve_copies(outputs, inputs, histories)

    def _reserve_copies(self, outputs: int, inputs: int, histories: int) -> None:
        """Make the arrays that only the kernels see."""
        self._deltas, self._scaled = (aligned_zeros(outputs * histories, np.uint16) for _ in range(2))
        self._transposed = aligned_zeros(histories * padded(inputs), np.uint16)
        self._rounded = aligned_zeros(outputs * inputs, np.uint16)

    def forward(self, layer: TiledDense, values: np.ndarray) -> None:
        """Fill the layer's inputs and values from checked input values (H, W, C, N)."""
        padded_values = pad_histories(values).reshape(layer.input_shape.size, -1)
        self._reserve(layer, padded_values.shape[1])
        layer.input_rows = converted(padded_values, BFLOAT16, self._inputs)
        self._inputs = None if layer.input_rows is padded_values else layer.input_rows
        self._run_forward(layer)

    def backward(self, layer: TiledDense, signals: np.ndarray, learning_rate: float | None) -> None:
        """Fill the layer's signals from checked output signals, and add or apply its gradients."""
        padded_signals = pad_histories(signals).reshape(layer.output_shape.size, -1)
        layer.signal_rows = converted(padded_signals, BFLOAT16)
        self._run_backward(layer, learning_rate)

    def _run_forward(self, layer: TiledDense) -> None:
        arrays = kernels.ForwardArrays(
            weights=layer.parameters["weights"].ravel(),
            rounded=self._rounded,
            biases=layer.parameters["biases"],
            inputs=stored(layer.input_rows),
            values=stored(layer.value_rows),
            scratch=self._scratch,
        )
        kernels.forward(arrays, *layer.function, self._blocks)

    def _run_backward(self, layer: TiledDense, learning_rate: float | None) -> None:
        weights, biases, scale = gradient_targets(layer.parameters, learning_rate)
        arrays = kernels.Arrays(
            weights=self._rounded,
            weights_target=weights.ravel(),
            biases=layer.parameters["biases"],
            biases_target=biases,
            inputs=stored(layer.input_rows),
            input_signals=stored(layer.input_signal_rows),
            values=stored(layer.value_rows),
            signals=stored(layer.signal_rows),
            deltas=self._deltas,
            scaled=self._scaled,
            transposed=self._transposed,
            scratch=self._scratch,
        )
        kernels.backward(arrays, *layer.function, scale, layer.propagates, self._blocks)


def stored(rows: np.ndarray) -> np.ndarray:
    """Return rows of bfloat16 as kernels take them, flat."""
    return rows.ravel().view(np.uint16)
