"""The fast rungs of softmax: strips of histories in explicit vectors, through all features together."""

from __future__ import annotations

import numpy as np

from networks import softmax
from networks.base.weightless import Padded
from nn.kernels import softmax as kernels
from nn.shape import features_of

WORTH_A_REGION = 100_000
"""Numbers from which a parallel region pays; exp makes them cost more than those of a copy."""

BLOCKS = 32
"""Blocks of strips of a parallel pass: more than the threads, so that uneven ones even out."""


class VectorSoftmax(Padded, softmax.Softmax):
    """Positive values that sum to 1, a vector of entries at a time."""

    def _sides(self) -> tuple[int, int]:
        """Return the number of features and of histories."""
        return features_of(self.input_shape), self._values.shape[-1]

    def _strips(self) -> int:
        """Return the number of strips of histories in all places."""
        features, histories = self._sides()
        return self._values.size // (features * histories) * -(-histories // kernels.STRIP)

    @property
    def _blocks(self) -> int:
        """Blocks for the parallel kernels, 0 where one thread is faster."""
        worth = self.parallel and self._values.size >= WORTH_A_REGION
        return min(BLOCKS, self._strips()) if worth else 0

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the probabilities of input values (..., features, N)."""
        inputs = self._take(values)
        arguments = (inputs, *self._sides(), self._values.reshape(-1))
        if self._blocks:
            kernels.softmax_parallel(*arguments, self._blocks)
        else:
            kernels.softmax(*arguments, 0, self._strips())
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (..., features, N)."""
        taken = self._take_signals(signals)
        outputs, target = self._values.reshape(-1), self._input_signals.reshape(-1)
        arguments = (taken, outputs, *self._sides(), target)
        if self._blocks:
            kernels.softmax_signals_parallel(*arguments, self._blocks)
        else:
            kernels.softmax_signals(*arguments, 0, self._strips())
        return self._sent()
