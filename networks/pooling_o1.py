"""Pooling, rung o1: the same windows as compiled loops on one thread.

Previous rung:  networks/pooling.py
What changed:   1. one loop over all windows, compiled by Numba, instead of NumPy passes over all windows for
                   every place in them; the innermost runs over channels and histories, side by side in memory
                2. values, winners and input signals are buffers kept between calls
Predicted gain: 3 to 10: what a window sees is read once; the plain rung makes five passes (for averages one)
                over the output for every place in a window, and temporary arrays
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                         N  direction     ms  x below  x PyTorch  of the limit
    max pooling, 32x32x16      64  forward     1.01    10.22       2.82    16% memory
    max pooling, 32x32x16      64  backward    3.65     0.76       0.05     9% memory
    average pooling, 32x32x16  64  forward    0.586     0.50       1.67    27% memory
    average pooling, 32x32x16  64  backward   0.450     1.01       2.03    71% memory
.. benchmark: end
Loses when:     averages forwards and signals of maxima backwards, where windows are as small as 2 x 2: NumPy
                has few places to pass over, and passes at the speed of memory
Numerics:       maxima are the same bits; averages, and signals of windows that overlap, 1e-5 relative in
                float32, added in another order
"""

from __future__ import annotations

import numpy as np

from networks import pooling
from networks.base.weightless import Buffered
from nn.history import aligned_zeros
from nn.kernels.pooling import loops as kernels


class Pooling(Buffered, pooling.Pooling):
    """Looks at an image through windows; see `networks.pooling.Pooling`."""

    def _windows(self) -> kernels.Windows:
        """Return what kernels know of the windows."""
        numbers = self.input_shape.channels * self._values.shape[-1]
        height, width, _ = self.input_shape
        rows, columns = self.output_shape[:2]
        return kernels.Windows(
            height, width, rows, columns, *self.window, *self.stride, *self.padding, numbers
        )


class MaxPooling(Pooling, pooling.MaxPooling):
    """Keeps the greatest number of every window; see `networks.pooling.MaxPooling`."""

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] != histories:
            super()._reserve(histories)
            self._winners = aligned_zeros(self._values.shape, self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs = self._take(values)
        kernels.maximum_loops(inputs, self._windows(), self._values.reshape(-1), self._winners.reshape(-1))
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, target = self._take_signals(signals), self._input_signals.reshape(-1)
        kernels.maximum_signals_loops(taken, self._winners.reshape(-1), self._windows(), target)
        return self._sent()


class AveragePooling(Pooling, pooling.AveragePooling):
    """Averages every window; see `networks.pooling.AveragePooling`."""

    @property
    def _share(self) -> np.floating:
        """What a pixel counts for; 0 where that depends on how much of the window lies in the image."""
        pixels = self.window[0] * self.window[1]
        share: np.floating = self.dtype.type(1 / pixels if self.count_padding else 0)
        return share

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        inputs = self._take(values)
        kernels.average_loops(inputs, self._windows(), self._share, self._values.reshape(-1))
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        taken, target = self._take_signals(signals), self._input_signals.reshape(-1)
        kernels.average_signals_loops(taken, self._windows(), self._share, target)
        return self._sent()


class GlobalMaxPooling(pooling.GlobalPooling, MaxPooling):
    """Keeps the greatest number of every channel; see `networks.pooling.GlobalMaxPooling`."""

    family = "global_max_pooling"


class GlobalAveragePooling(pooling.GlobalPooling, AveragePooling):
    """Averages every channel; see `networks.pooling.GlobalAveragePooling`."""

    family = "global_average_pooling"
