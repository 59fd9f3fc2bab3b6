"""The bfloat16 arrays and passes of a dense layer of rung o2, on the processor's dot products of pairs.

As `networks.base.dense_stored`, with operands laid out as pairs, and products at twice the speed of float32.
"""

from __future__ import annotations

import numpy as np

from networks.base.dense_stored import StoredDense, stored
from networks.base.gradient_targets import gradient_targets
from networks.base.tiled_dense import TiledDense
from nn.history import aligned_zeros, padded
from nn.kernels.dense import pairs as kernels


class PairedDense(StoredDense):
    """As `StoredDense`; arrays that kernels see as pairs and as numbers are made as pairs."""

    def _reserve_copies(self, outputs: int, inputs: int, histories: int) -> None:
        output_pairs, input_pairs = padded(outputs, 2) // 2, padded(inputs, 2) // 2
        self._scaled = words(outputs * histories // 2)
        self._transposed = words(histories // 2 * padded(inputs))
        self._rounded = words(outputs * input_pairs)
        self._input_pairs = words(input_pairs * histories)
        self._weight_pairs = words(output_pairs * inputs)
        self._delta_pairs = words(output_pairs * histories)

    def _run_forward(self, layer: TiledDense) -> None:
        arrays = kernels.ForwardArrays(
            weights=layer.parameters["weights"].ravel(),
            rounded=self._rounded.view(np.uint16),
            rounded_pairs=self._rounded,
            biases=layer.parameters["biases"],
            inputs=stored(layer.input_rows),
            input_pairs=self._input_pairs,
            values=stored(layer.value_rows),
            scratch=self._scratch,
        )
        kernels.forward(arrays, *layer.function, self._blocks)

    def _run_backward(self, layer: TiledDense, learning_rate: float | None) -> None:
        weights, biases, scale = gradient_targets(layer.parameters, learning_rate)
        arrays = kernels.BackwardArrays(
            rounded=self._rounded.view(np.uint16),
            weight_pairs=self._weight_pairs,
            weights_target=weights.ravel(),
            biases_target=biases,
            input_words=layer.input_rows.ravel().view(np.uint32),
            transposed=self._transposed,
            input_signals=stored(layer.input_signal_rows),
            values=stored(layer.value_rows),
            signals=stored(layer.signal_rows),
            delta_pairs=self._delta_pairs,
            scaled=self._scaled.view(np.uint16),
            scaled_words=self._scaled,
            scratch=self._scratch,
        )
        kernels.backward(arrays, *layer.function, scale, layer.propagates, self._blocks)


def words(count: int) -> np.ndarray:
    """Return an array of pairs."""
    return aligned_zeros(count, np.uint32)
