"""Embedding, rung o1: the look-up as a compiled loop on one thread.

Previous rung:  networks/embedding.py
What changed:   1. labels are checked and converted in one pass, where NumPy makes five
                2. features are written straight into their place with the histories last, and signals
                   added from there, without arrays of rows in between
                3. outputs are a buffer kept between calls
Predicted gain: 3 forwards, for the arrays saved; 10 backwards, where NumPy's unbuffered addition takes
                some ten nanoseconds a number
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                N  direction     ms  x below  x PyTorch  of the limit
    64 of 10,000 labels, 64 features  64  forward    0.145     1.21       0.19    76% memory
    64 of 10,000 labels, 64 features  64  backward   0.171    15.21       2.72   174% memory
.. benchmark: end
Loses when:     never seen
Numerics:       the same bits forwards; 1e-6 relative backwards, where a descent in the same pass rounds
                after every signal
"""

from __future__ import annotations

import numpy as np

from networks import embedding
from networks.base.checks import check_input, check_signals
from networks.base.descent import named_targets
from nn.history import aligned_zeros
from nn.kernels import embedding as kernels


class Embedding(embedding.Embedding):
    """Replaces labels by rows of features; see `networks.embedding.Embedding`."""

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the features (*output_shape, N) of labels (*input_shape, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._labels = self._read(self._present(values))
        self._reserve(values.shape[-1])
        weights = self.parameters["weights"]
        kernels.look_up(weights, self._labels, self._flat(self._values))
        self._blank(self._values)
        return self._values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Add or apply the gradients of output signals (*output_shape, N); return input signals of zero."""
        check_signals(self, signals)
        self._signals = np.ascontiguousarray(self._present(signals))
        (target,), scale = named_targets(self.parameters, ["weights"], learning_rate)
        kernels.add_to_rows(self._flat(self._signals), self._labels, scale, target)
        return self._no_signals(signals.shape[-1])

    def _read(self, values: np.ndarray) -> np.ndarray:
        flat = np.ascontiguousarray(values).reshape(-1)
        labels = np.empty(flat.size, np.int64)
        wrong = kernels.read_labels(flat, self.labels, labels)
        if wrong >= 0:
            self._refuse(values, wrong)
        return labels.reshape(self.input_shape.size, -1)

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] != histories:
            self._values = aligned_zeros((*self.output_shape, histories), self.dtype)

    def _flat(self, array: np.ndarray) -> np.ndarray:
        """Return an array (*output_shape, N) as (positions, features, N)."""
        return array.reshape(self.input_shape.size, self.output_shape[-1], array.shape[-1])
