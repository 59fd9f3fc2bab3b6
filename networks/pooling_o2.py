"""Pooling, rung o2: explicit vectors, in parallel.

Previous rung:  networks/pooling_o1.py
What changed:   1. the greatest number (or the sum) of a window and its winner stay in registers until the
                   whole window is seen; o1 writes them back at every pixel
                2. a winner is chosen by comparing whole vectors, without a branch
                3. backwards a task gathers all signals that a row of pixels gets, so tasks never write to
                   the same place
                4. rows of windows, and parts of few ones, run in parallel where it is worth it
Predicted gain: 2 to 4 for windows of 2 x 2 on one thread, more for larger ones, until memory is the limit;
                times the threads while the image is in their caches
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                         N  direction     ms  x below  x PyTorch  of the limit
    max pooling, 32x32x16      64  forward    0.070    14.47      40.80   159% memory
    max pooling, 32x32x16      64  backward   0.085    42.85       2.16   261% memory
    average pooling, 32x32x16  64  forward    0.052    11.28      18.81   214% memory
    average pooling, 32x32x16  64  backward   0.071     6.29      12.76   311% memory
.. benchmark: end
Loses when:     the batch has only a few entries: vectors are padded to 16 of them
Numerics:       maxima are the same bits; averages, and signals of windows that overlap, 1e-5 relative in
                float32; the same bits for any number of threads, because every number is made by one task in
                a fixed order
"""

from __future__ import annotations

import numpy as np

from networks import pooling, pooling_o1
from networks.base.storage import converts
from networks.base.weightless import Padded
from nn.history import LANES
from nn.kernels.pooling import vectors as kernels

WORTH_A_REGION = 200_000
"""Numbers in an image, all histories together, from which a parallel region pays."""

BLOCKS = 32
"""Blocks of tasks of a parallel pass: more than the threads, so that uneven ones even out."""


def blocks_and_parts(numbers: int, rows: int, vectors: int) -> tuple[int, int]:
    """Return how to cut a pass over an image.

    Parameters
    ----------
    numbers
        In the whole image.
    rows
        Of windows or pixels, each at least one task.
    vectors
        In a pixel.

    Returns
    -------
    tuple of int
        Blocks of tasks that run in parallel, 0 where one thread is faster; and tasks per row.
    """
    if numbers < WORTH_A_REGION:
        return 0, 1
    parts = min(vectors, -(-BLOCKS // rows))
    return min(BLOCKS, rows * parts), parts


class Pooling(Padded, pooling_o1.Pooling):
    """Looks at an image through windows; see `networks.pooling.Pooling`."""

    def _cut(self, rows: int) -> tuple[int, int]:
        """Return blocks and parts for a pass over so many rows."""
        numbers = self.input_shape.channels * self._values.shape[-1]
        return blocks_and_parts(self._input_signals.size, rows, numbers // LANES)


@converts
class MaxPooling(Pooling, pooling_o1.MaxPooling):
    """Keeps the greatest number of every window; see `networks.pooling.MaxPooling`."""

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs, rows = self._take(values), self.output_shape[0]
        arguments = (inputs, self._windows(), self._values.reshape(-1), self._winners.reshape(-1))
        blocks, parts = self._cut(rows)
        if blocks:
            kernels.maximum_parallel(*arguments, parts, blocks)
        else:
            kernels.maximum(*arguments, parts, 0, rows)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, rows = self._take_signals(signals), self.input_shape.height
        arguments = (taken, self._winners.reshape(-1), self._windows(), self._input_signals.reshape(-1))
        blocks, parts = self._cut(rows)
        if blocks:
            kernels.maximum_signals_parallel(*arguments, parts, blocks)
        else:
            kernels.maximum_signals(*arguments, parts, 0, rows)
        return self._sent()


@converts
class AveragePooling(Pooling, pooling_o1.AveragePooling):
    """Averages every window; see `networks.pooling.AveragePooling`."""

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs, rows = self._take(values), self.output_shape[0]
        arguments = (inputs, self._windows(), self._share, self._values.reshape(-1))
        blocks, parts = self._cut(rows)
        if blocks:
            kernels.average_parallel(*arguments, parts, blocks)
        else:
            kernels.average(*arguments, parts, 0, rows)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, rows = self._take_signals(signals), self.input_shape.height
        arguments = (taken, self._windows(), self._share, self._input_signals.reshape(-1))
        blocks, parts = self._cut(rows)
        if blocks:
            kernels.average_signals_parallel(*arguments, parts, blocks)
        else:
            kernels.average_signals(*arguments, parts, 0, rows)
        return self._sent()


class GlobalMaxPooling(pooling.GlobalPooling, MaxPooling):
    """Keeps the greatest number of every channel; see `networks.pooling.GlobalMaxPooling`."""

    family = "global_max_pooling"


class GlobalAveragePooling(pooling.GlobalPooling, AveragePooling):
    """Averages every channel; see `networks.pooling.GlobalAveragePooling`."""

    family = "global_average_pooling"
