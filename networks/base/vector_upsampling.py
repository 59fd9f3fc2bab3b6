"""The fast rungs of upsampling: explicit vectors, tasks for rows of pixels."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from networks import upsampling
from networks.base.vector_pooling import blocks_and_parts
from networks.base.weightless import Padded
from networks.upsampling import neighbours
from nn.bfloat16 import as_stored
from nn.history import LANES
from nn.kernels import upsampling as kernels
from nn.kernels.pooling.vectors import Windows, average, average_parallel


class VectorNearestUpsampling(Padded, upsampling.NearestUpsampling):
    """Repeats every pixel, a vector of numbers at a time."""

    def _windows(self) -> Windows:
        """Return the blocks of the output that are one pixel of the input."""
        (height, width, channels), blocks = self.output_shape, self.input_shape[:2]
        numbers = channels * self._values.shape[-1]
        return Windows(height, width, *blocks, *self.factor, *self.factor, 0, 0, numbers)

    def _cut(self, rows: int) -> tuple[int, int]:
        """Return blocks and parts for a pass over so many rows."""
        return blocks_and_parts(self.parallel, self._values.size, rows, self._windows().numbers // LANES)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs, rows = self._take(values), self.output_shape[0]
        arguments = (inputs, self._windows(), as_stored(self._values.reshape(-1)))
        blocks, parts = self._cut(rows)
        if blocks:
            kernels.repeat_parallel(*arguments, parts, blocks)
        else:
            kernels.repeat(*arguments, parts, 0, rows)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, rows = self._take_signals(signals), self.input_shape.height
        arguments = (taken, self._windows(), self.dtype.type(1), as_stored(self._input_signals.reshape(-1)))
        blocks, parts = self._cut(rows)
        if blocks:
            average_parallel(*arguments, parts, blocks)
        else:
            average(*arguments, parts, 0, rows)
        return self._sent()


class VectorBilinearUpsampling(Padded, upsampling.BilinearUpsampling):
    """Averages the four nearest pixels with weights, a vector of numbers at a time."""

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

    def _cut(self, rows: int) -> tuple[int, int]:
        """Return blocks and parts for a pass over so many rows."""
        return blocks_and_parts(self.parallel, self._values.size, rows, self._numbers // LANES)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs, rows = self._take(values), self.output_shape[0]
        arguments = (inputs, self._rows, self._columns, self._numbers, as_stored(self._values.reshape(-1)))
        blocks, parts = self._cut(rows)
        if blocks:
            kernels.bilinear_parallel(*arguments, parts, blocks)
        else:
            kernels.bilinear(*arguments, parts, 0, rows)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, rows = self._take_signals(signals), self.input_shape.height
        arguments = (
            taken,
            self._rows,
            self._columns,
            self._numbers,
            as_stored(self._input_signals.reshape(-1)),
        )
        blocks, parts = self._cut(rows)
        if blocks:
            kernels.bilinear_signals_parallel(*arguments, parts, blocks)
        else:
            kernels.bilinear_signals(*arguments, parts, 0, rows)
        return self._sent()
