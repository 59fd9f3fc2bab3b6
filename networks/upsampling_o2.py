"""Upsampling, rung o2: explicit vectors, in parallel.

Previous rung:  networks/upsampling_o1.py
What changed:   1. an output number is weighed together in registers, four loads and six multiply-adds for a
                   vector of them; o1's loops are left to the compiler
                2. backwards, the signals of an input pixel are gathered in registers; how much each counts is
                   worked out once for all its numbers (docs/performance.md reads the profile)
                3. rows, and parts of few ones, run in parallel where it is worth it
Predicted gain: 1 to 3 on one thread, until memory is the limit, times the threads while the images are in
                their caches
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x below  x PyTorch  of the limit
    nearest upsampling, 16x16x16   64  forward    0.071     6.36      15.93   157% memory
    nearest upsampling, 16x16x16   64  backward   0.054    10.83       7.54   411% memory
    bilinear upsampling, 16x16x16  64  forward    0.074    25.26      16.55   150% memory
    bilinear upsampling, 16x16x16  64  backward   0.232     8.29       8.46    96% memory
.. benchmark: end
Loses when:     the batch has only a few entries: vectors are padded to 16 of them
Numerics:       nearest forward is the same numbers (a zero loses its sign); the others 1e-5 relative in
                float32; the same bits for any number of threads, because every number is made by one task in
                a fixed order
"""

from __future__ import annotations

import numpy as np

from networks import upsampling_o1
from networks.base.weightless import Padded
from networks.pooling_o2 import blocks_and_parts
from nn.bfloat16 import as_stored
from nn.history import LANES
from nn.kernels import upsampling as kernels
from nn.kernels.pooling.vectors import average, average_parallel, average_signals, average_signals_parallel


class NearestUpsampling(Padded, upsampling_o1.NearestUpsampling):
    """Repeats every pixel; see `networks.upsampling.NearestUpsampling`."""

    stores_halves = True

    def _cut(self, rows: int) -> tuple[int, int]:
        """Return blocks and parts for a pass over so many rows."""
        return blocks_and_parts(self._values.size, rows, self._windows().numbers // LANES)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs, rows = self._take(values), self.output_shape[0]
        arguments = (inputs, self._windows(), self.dtype.type(1), as_stored(self._values.reshape(-1)))
        blocks, parts = self._cut(rows)
        if blocks:
            average_signals_parallel(*arguments, parts, blocks)
        else:
            average_signals(*arguments, parts, 0, rows)
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


class BilinearUpsampling(Padded, upsampling_o1.BilinearUpsampling):
    """Weighs the four nearest pixels; see `networks.upsampling.BilinearUpsampling`."""

    stores_halves = True

    def _cut(self, rows: int) -> tuple[int, int]:
        """Return blocks and parts for a pass over so many rows."""
        return blocks_and_parts(self._values.size, rows, self._numbers // LANES)

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
