"""The fast rungs of pooling: windows on explicit vectors, tasks for rows of them."""

from __future__ import annotations

import numpy as np

from networks import pooling
from networks.base.weightless import Padded
from nn.history import LANES, aligned_zeros
from nn.kernels.pooling import vectors as kernels

WORTH_A_REGION = 200_000
"""Numbers in an image, all histories together, from which a parallel region pays."""

BLOCKS = 32
"""Blocks of tasks of a parallel pass: more than the threads, so that uneven ones even out."""


def blocks_and_parts(parallel: bool, numbers: int, rows: int, vectors: int) -> tuple[int, int]:
    """Return how to cut a pass over an image.

    Parameters
    ----------
    parallel
        Whether it may run on several threads.
    numbers
        In the whole image.
    rows
        Of windows or pixels, each at least one task.
    vectors
        In a pixel.

    Returns
    -------
    tuple of int
        Blocks of tasks that run in parallel, 0 for one thread; and tasks per row.
    """
    if not parallel or numbers < WORTH_A_REGION:
        return 0, 1
    parts = min(vectors, -(-BLOCKS // rows))
    return min(BLOCKS, rows * parts), parts


class VectorPooling(Padded, pooling.Pooling):
    """Looks at an image through windows, a vector of numbers at a time."""

    def _windows(self) -> kernels.Windows:
        """Return what kernels know of the windows."""
        numbers = self.input_shape.channels * self._values.shape[-1]
        height, width, _ = self.input_shape
        rows, columns = self.output_shape[:2]
        return kernels.Windows(
            height, width, rows, columns, *self.window, *self.stride, *self.padding, numbers
        )

    def _cut(self, rows: int) -> tuple[int, int]:
        """Return blocks and parts for a pass over so many rows."""
        numbers = self.input_shape.channels * self._values.shape[-1]
        return blocks_and_parts(self.parallel, self._input_signals.size, rows, numbers // LANES)


class VectorMaxPooling(VectorPooling, pooling.MaxPooling):
    """Keeps the greatest number of every window."""

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] != histories:
            super()._reserve(histories)
            self._winners = aligned_zeros(self._values.shape, self.dtype)

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


class VectorAveragePooling(VectorPooling, pooling.AveragePooling):
    """Averages every window."""

    @property
    def _share(self) -> np.floating:
        """What a pixel counts for; 0 where that depends on how much of the window lies in the image."""
        pixels = self.window[0] * self.window[1]
        share: np.floating = self.dtype.type(1 / pixels if self.count_padding else 0)
        return share

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
