"""The fast rungs of the dense layer: register tiles over blocks of rows, in arrays kept between calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from networks import dense
from networks.base.checks import check_input, check_signals
from networks.base.gradient_targets import gradient_targets
from nn.history import aligned_zeros, pad_histories, padded
from nn.kernels.dense import layer as kernels

WORTH_A_REGION = 1_000_000
"""Multiply-adds in a product from which parallel regions (some microseconds each) pay."""

BLOCKS = 32
"""Blocks of rows of a parallel product: more than the threads, so that uneven ones even out."""


class TiledDense(dense.Dense):
    """A dense layer whose products run on the register tile; histories are padded to whole vectors.

    Attributes
    ----------
    parallel
        Whether blocks of rows run on several threads where a layer is large enough.
    input_signal_rows
        The last signals of the inputs, (neurons, N).
    entry_count
        How many of the N histories the last forward was given.
    """

    parallel: ClassVar[bool] = False

    def _reserve(self, histories: int) -> None:
        if self.value_rows.shape[1] != histories:
            self.use_buffers([aligned_zeros(shape, self.dtype) for shape in self.buffer_shapes(histories)])

    def buffer_shapes(self, histories: int) -> list[tuple[int, int]]:
        """Return the shapes of the arrays that are kept between calls, for `use_buffers`."""
        outputs, inputs = (self.output_shape.size, histories), (self.input_shape.size, histories)
        return [outputs, outputs, outputs, inputs, (histories, padded(self.input_shape.size))]

    def use_buffers(self, buffers: Sequence[np.ndarray]) -> None:
        """Use these arrays from now on: values, deltas, scaled deltas, input signals, inputs turned."""
        self.value_rows, self._deltas, self._scaled, self.input_signal_rows, self._transposed = buffers

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self.entry_count = values.shape[-1]
        self._compute(values)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._propagate(signals, learning_rate)
        return self.input_signal_rows.reshape(*self.input_shape, -1)[..., : self.entry_count]

    def _compute(self, values: np.ndarray) -> None:
        """Fill the values; `_propagate` fills the input signals, and adds or applies the gradients."""
        self.input_rows = pad_histories(values).reshape(self.input_shape.size, -1)
        self._reserve(self.input_rows.shape[1])
        weights, biases = self.parameters["weights"].ravel(), self.parameters["biases"]
        arguments = weights, biases, self.input_rows.ravel(), self.value_rows.ravel(), *self.function
        if self.blocks:
            kernels.forward_parallel(*arguments, self.blocks)
        else:
            kernels.forward_rows(*arguments, 0, self.output_shape.size)

    def _propagate(self, signals: np.ndarray, learning_rate: float | None) -> None:
        self.signal_rows = pad_histories(signals).reshape(self.output_shape.size, -1)
        arrays, scale = self._arrays(learning_rate)
        if self.blocks:
            kernels.backward_parallel(arrays, *self.function, scale, self.propagates, self.blocks)
        else:
            kernels.backward_serial(arrays, *self.function, scale, self.propagates)

    def _arrays(self, learning_rate: float | None) -> tuple[kernels.Arrays, np.floating]:
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        arrays = kernels.Arrays(
            weights=self.parameters["weights"].ravel(),
            weights_target=weights.ravel(),
            biases=self.parameters["biases"],
            biases_target=biases,
            inputs=self.input_rows.ravel(),
            input_signals=self.input_signal_rows.ravel(),
            values=self.value_rows.ravel(),
            signals=self.signal_rows.ravel(),
            deltas=self._deltas.ravel(),
            scaled=self._scaled.ravel(),
            transposed=self._transposed.ravel(),
        )
        return arrays, scale

    @property
    def function(self) -> tuple[int, np.floating]:
        """What kernels call the activation, and its parameter."""
        return self.activation.code, self.dtype.type(self.activation.slope)

    @property
    def blocks(self) -> int:
        """Blocks for the parallel kernels, 0 where one thread is faster."""
        worth = self.parallel and self.connections * self.value_rows.shape[1] >= WORTH_A_REGION
        return min(BLOCKS, -(-self.output_shape.size // 8)) if worth else 0

    @property
    def values(self) -> np.ndarray:
        """Output values (H, W, C, N) of the last forward."""
        return super().values[..., : self.entry_count]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (H, W, C, N) in the last backward."""
        return super().signals[..., : self.entry_count]
