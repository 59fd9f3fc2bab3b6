"""Dense in bfloat16 storage: what rung o2 does with arrays of half the size.

Weights are rounded into a copy in every forward, since anybody may have changed the parameters: a group of
rows at a time, just before it is multiplied, so that they come from memory once. Inputs, values, deltas and
signals are stored as bfloat16; sums, biases and gradients are float32.
"""

from __future__ import annotations

import numpy as np

from networks.base.checks import check_input, check_signals
from networks.base.gradient_targets import gradient_targets
from networks.base.storage import HALF
from networks.base.tiled_dense import BLOCKS, WORTH_A_REGION, TiledDense
from nn.bfloat16 import as_stored
from nn.bfloat16_arrays import converted
from nn.history import aligned_zeros, pad_histories, padded
from nn.kernels.dense import stored as kernels


class StoredDense(TiledDense):
    """A dense layer that can store bfloat16; in float32 it is a `TiledDense`."""

    stores_halves = True

    def _store_as(self, storage: str) -> None:
        """Forget the last forward as well: its arrays are of the other dtype."""
        super()._store_as(storage)
        self.value_rows = self.signal_rows = np.zeros((self.output_shape.size, 0), self.stored_dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        return self._forward_stored(values) if self.storage == HALF else super().forward(values, training)

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        if self.storage == HALF:
            return self._backward_stored(signals, learning_rate)
        return super().backward(signals, learning_rate)

    def _reserve_stored(self, histories: int) -> None:
        if self.value_rows.shape[1] == histories:
            return
        outputs, inputs = self.output_shape.size, self.input_shape.size
        self.value_rows, self._deltas, self._scaled = (
            aligned_zeros((outputs, histories), self.stored_dtype) for _ in range(3)
        )
        self.input_signal_rows = aligned_zeros((inputs, histories), self.stored_dtype)
        self._transposed = aligned_zeros((histories, padded(inputs)), self.stored_dtype)
        self._rounded_weights = aligned_zeros((outputs, inputs), self.stored_dtype)
        worth = outputs * inputs * histories >= WORTH_A_REGION
        self._stored_blocks = min(BLOCKS, -(-outputs // 8)) if worth else 1
        self._scratch = aligned_zeros((self._stored_blocks, 3, kernels.GROUP, histories), self.dtype)

    def _forward_stored(self, values: np.ndarray) -> np.ndarray:
        check_input(self, values, self.input_shape, "input values")
        self.entry_count = values.shape[-1]
        padded_values = pad_histories(values).reshape(self.input_shape.size, -1)
        self._reserve_stored(padded_values.shape[1])
        self.input_rows = converted(padded_values, self.stored_dtype)
        arrays = kernels.ForwardArrays(
            weights=self.parameters["weights"].ravel(),
            rounded=as_stored(self._rounded_weights.ravel()),
            biases=self.parameters["biases"],
            inputs=as_stored(self.input_rows.ravel()),
            values=as_stored(self.value_rows.ravel()),
            scratch=self._scratch.ravel(),
        )
        kernels.forward(arrays, *self._function, self._stored_blocks)
        return self.values

    def _backward_stored(self, signals: np.ndarray, learning_rate: float | None) -> np.ndarray:
        check_signals(self, signals)
        padded_signals = pad_histories(signals).reshape(self.output_shape.size, -1)
        self.signal_rows = converted(padded_signals, self.stored_dtype)
        arrays, scale = self._arrays_of_halves(learning_rate)
        kernels.backward(arrays, *self._function, scale, self.propagates, self._stored_blocks)
        return self.input_signal_rows.reshape(*self.input_shape, -1)[..., : self.entry_count]

    def history_bytes(self, histories: int) -> int:
        """Return what histories take, and the copy of the weights; see `Network.history_bytes`."""
        rounded = self.connections * self.stored_dtype.itemsize if self.storage == HALF else 0
        return super().history_bytes(histories) + rounded

    def _arrays_of_halves(self, learning_rate: float | None) -> tuple[kernels.Arrays, np.floating]:
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        arrays = kernels.Arrays(
            weights=as_stored(self._rounded_weights.ravel()),
            weights_target=weights.ravel(),
            biases=self.parameters["biases"],
            biases_target=biases,
            inputs=as_stored(self.input_rows.ravel()),
            input_signals=as_stored(self.input_signal_rows.ravel()),
            values=as_stored(self.value_rows.ravel()),
            signals=as_stored(self.signal_rows.ravel()),
            deltas=as_stored(self._deltas.ravel()),
            scaled=as_stored(self._scaled.ravel()),
            transposed=as_stored(self._transposed.ravel()),
            scratch=self._scratch.ravel(),
        )
        return arrays, scale
