"""Embedding, rung o2: blocks transposed in registers, in parallel.

Previous rung:  networks/embedding_o1.py
What changed:   1. the features of 16 entries are loaded as whole rows and transposed in registers, 16 by
                   16; the signals likewise on their way back
                2. positions run in parallel forwards, groups of 16 features backwards: no two threads add
                   to the same number, and each number sums its signals in the order of the batch
Predicted gain: 4 on one thread: a vector of 16 numbers is moved by 5 instructions where o1 has 32 loads
                and stores
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                N  direction     ms  x below  x PyTorch  of the limit
    64 of 10,000 labels, 64 features  64  forward    0.056     2.59       0.51   137% memory
    64 of 10,000 labels, 64 features  64  backward   0.069     2.49       6.78   303% memory
.. benchmark: end
Loses when:     fewer than 16 features: they go one by one
Numerics:       1e-6 relative backwards: fused multiply-adds; the same bits for any number of threads
"""

from __future__ import annotations

import numpy as np

from networks import embedding_o1
from networks.base.checks import check_input, check_signals
from networks.base.descent import named_targets
from networks.base.storage import converts
from nn.history import pad_histories, padded
from nn.kernels import embedding as kernels

WORTH_A_REGION = 1 << 17
"""Features of all entries from which a parallel region (some microseconds) pays."""

BLOCKS = 32
"""Blocks of positions: more than the threads, so that uneven ones even out."""


@converts
class Embedding(embedding_o1.Embedding):
    """Replaces labels by rows of features; see `networks.embedding.Embedding`."""

    _entries = 0

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the features (*output_shape, N) of labels (*input_shape, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._labels = self._read(pad_histories(self._present(values)))
        self._entries = values.shape[-1]
        self._reserve(padded(self._entries))
        arguments = self.parameters["weights"], self._labels, self._values.reshape(-1)
        positions = len(self._labels)
        if self._values.size >= WORTH_A_REGION and positions > 1:
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
        worth = self._signals.size >= WORTH_A_REGION
        add = kernels.add_all_features_parallel if worth else kernels.add_all_features
        add(self._signals.reshape(-1), self._labels, scale, target)
        return self._no_signals(self._entries)

    @property
    def values(self) -> np.ndarray:
        """Features (*output_shape, N) of the last forward."""
        return self._values[..., : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*output_shape, N) in the last backward."""
        return self._signals[..., : self._entries]
