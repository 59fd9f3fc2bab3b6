"""The fast rungs of the embedding: blocks of features transposed in registers, in arrays that are kept."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from networks import embedding
from networks.base.checks import check_input, check_signals
from networks.base.gradient_targets import named_targets
from nn.history import aligned_zeros, pad_histories, padded
from nn.kernels import embedding as kernels

WORTH_A_REGION = 1 << 17
"""Features of all entries from which a parallel region (some microseconds) pays."""

BLOCKS = 32
"""Blocks of positions: more than the threads, so that uneven ones even out."""


class VectorEmbedding(embedding.Embedding):
    """Replaces labels by rows of features, 16 by 16 at a time; histories are padded to whole vectors.

    Attributes
    ----------
    parallel
        Whether positions, or features, run on several threads where it pays.
    """

    parallel: ClassVar[bool] = False
    _entries = 0

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the features (*output_shape, N) of labels (*input_shape, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._labels = self._read(pad_histories(self._present(values)))
        self._entries = values.shape[-1]
        self._reserve(padded(self._entries))
        arguments = self.parameters["weights"], self._labels, self._values.reshape(-1)
        positions = len(self._labels)
        if self.parallel and self._values.size >= WORTH_A_REGION and positions > 1:
            kernels.look_up_parallel(*arguments, min(BLOCKS, positions))
        else:
            kernels.look_up_positions(*arguments, 0, positions)
        self._blank(self._values)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Add or apply the gradients of output signals (*output_shape, N); return input signals of zero."""
        check_signals(self, signals)
        self._signals = pad_histories(self._present(signals))
        (target,), scale = named_targets(self.parameters, ["weights"], learning_rate)
        worth = self.parallel and self._signals.size >= WORTH_A_REGION
        add = kernels.add_all_features_parallel if worth else kernels.add_all_features
        add(self._signals.reshape(-1), self._labels, scale, target)
        return self._no_signals(self._entries)

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

    @property
    def values(self) -> np.ndarray:
        """Features (*output_shape, N) of the last forward."""
        return self._values[..., : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*output_shape, N) in the last backward."""
        return self._signals[..., : self._entries]
