"""Upsampling, rung o1: the same sums as compiled loops on one thread.

Previous rung:  networks/upsampling.py
What changed:   1. bilinear: four products for every output number, compiled by Numba, instead of products
                   with matrices that are almost all zeros
                2. nearest: one loop that copies (backwards: adds) whole pixels, instead of repeating first
                   rows and then columns; it is average pooling run backwards, and uses its loops
                3. values and input signals are buffers kept between calls
Predicted gain: bilinear about side / 4, the share of the matrices that is zero, less what a tuned product
                gains; nearest 2, one pass over the output instead of two
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x below  x PyTorch  of the limit
    nearest upsampling, 16x16x16   64  forward    0.449     0.29       2.50    35% memory
    nearest upsampling, 16x16x16   64  backward   0.585     0.22       0.70    54% memory
    bilinear upsampling, 16x16x16  64  forward     1.87     0.86       0.66     9% memory
    bilinear upsampling, 16x16x16  64  backward    1.93     1.04       1.02    17% memory
.. benchmark: end
Loses when:     nearest, whose copies NumPy makes a row at a time; bilinear, images of less than some twenty
                pixels a side
Numerics:       nearest forward is the same numbers (a zero loses its sign); the others 1e-5 relative in
                float32, added in another order
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from networks import upsampling
from networks.base.weightless import Buffered
from networks.upsampling import neighbours
from nn.kernels import upsampling as kernels
from nn.kernels.pooling.loops import Windows, average_loops, average_signals_loops


class NearestUpsampling(Buffered, upsampling.NearestUpsampling):
    """Repeats every pixel; see `networks.upsampling.NearestUpsampling`."""

    def _windows(self) -> Windows:
        """Return the blocks of the output that are one pixel of the input."""
        (height, width, channels), blocks = self.output_shape, self.input_shape[:2]
        numbers = channels * self._values.shape[-1]
        return Windows(height, width, *blocks, *self.factor, *self.factor, 0, 0, numbers)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs = self._take(values)
        average_signals_loops(inputs, self._windows(), self.dtype.type(1), self._values.reshape(-1))
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, target = self._take_signals(signals), self._input_signals.reshape(-1)
        average_loops(taken, self._windows(), self.dtype.type(1), target)
        return self._sent()


class BilinearUpsampling(Buffered, upsampling.BilinearUpsampling):
    """Weighs the four nearest pixels; see `networks.upsampling.BilinearUpsampling`."""

    @cached_property
    def _rows(self) -> kernels.Axis:
        return self._axis(0)

    @cached_property
    def _columns(self) -> kernels.Axis:
        return self._axis(1)

    def _axis(self, axis: int) -> kernels.Axis:
        """Return what kernels know of the rows, or the columns."""
        lower, upper, distance = neighbours(self.input_shape[axis], self.factor[axis])
        sources = np.arange(self.input_shape[axis])
        first, last = np.searchsorted(upper, sources), np.searchsorted(lower, sources, side="right")
        return kernels.Axis(lower, upper, distance.astype(self.dtype), first, last)

    @property
    def _numbers(self) -> int:
        """Numbers in a pixel."""
        return self.input_shape.channels * self._values.shape[-1]

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs = self._take(values)
        kernels.bilinear_loops(inputs, self._rows, self._columns, self._numbers, self._values.reshape(-1))
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, target = self._take_signals(signals), self._input_signals.reshape(-1)
        kernels.bilinear_signals_loops(taken, self._rows, self._columns, self._numbers, target)
        return self._sent()
