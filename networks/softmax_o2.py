"""Softmax, rung o2: strips of histories in explicit vectors, in parallel.

Previous rung:  networks/softmax_o1.py
What changed:   1. a strip of histories goes through all features together, so that memory is read in order
                   and exp, comparisons and sums work on whole vectors
                2. one division for an entry's sum instead of one for each of its features
                3. strips run in parallel where it is worth it
Predicted gain: 4 to 10 on one thread: 16 numbers an instruction, and exp is most of the work; times the
                threads
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                 N  direction     ms  x below  x PyTorch  of the limit
    softmax, 1x1x1000  64  forward    0.145     2.46       0.90     7% memory
    softmax, 1x1x1000  64  backward   0.017    10.89      14.18   126% memory
.. benchmark: end
Loses when:     the batch has only a few entries: vectors are padded to 16 of them
Numerics:       1e-5 relative in float32; the same bits for any number of threads, because every number is
                made by one task in a fixed order
"""

from __future__ import annotations

import numpy as np

from networks import softmax_o1
from networks.base.storage import converts
from networks.base.weightless import Padded
from nn.kernels import softmax as kernels

WORTH_A_REGION = 100_000
"""Numbers from which a parallel region pays; exp makes them dearer than those of a copy."""

BLOCKS = 32
"""Blocks of strips of a parallel pass: more than the threads, so that uneven ones even out."""


@converts
class Softmax(Padded, softmax_o1.Softmax):
    """Positive values that sum to 1; see `networks.softmax.Softmax`."""

    def _strips(self) -> int:
        """Return the number of strips of histories in all places."""
        features, histories = self._sides()
        return self._values.size // (features * histories) * -(-histories // kernels.STRIP)

    @property
    def _blocks(self) -> int:
        """Blocks for the parallel kernels, 0 where one thread is faster."""
        return min(BLOCKS, self._strips()) if self._values.size >= WORTH_A_REGION else 0

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
