"""Noise, rung o1: bits expanded and used in one compiled pass, on one thread.

Previous rung:  networks/noise.py
What changed:   1. the bits of a value are expanded where it is read, in registers: NumPy writes an array
                   of 64-bit numbers for each of some ten operations
                2. outputs and input signals are buffers kept between calls
                3. float32 has a logarithm and a cosine of its own, which vectorise
Predicted gain: 10: memory is read and written once instead of some 20 times, twice as wide
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                        N  direction     ms  x below  x PyTorch   of the limit
    dropout, 32x32x16         64  forward    0.345    21.71      29.30     74% memory
    dropout, 32x32x16         64  backward   0.343    21.21       0.29    148% memory
    gaussian noise, 32x32x16  64  forward     1.85    18.80       2.09     14% memory
    gaussian noise, 32x32x16  64  backward   0.001     1.00      16.66  56472% memory
.. benchmark: end
Loses when:     never seen
Numerics:       Dropout the same bits; GaussianNoise 1e-6 relative in float32, from its own logarithm
"""

from __future__ import annotations

import numpy as np

from networks import noise
from networks.noise import Noise
from nn.history import aligned_zeros
from nn.kernels import noise as kernels


class Buffered(Noise):
    """Buffers for what comes out, kept apart: outside training the input itself comes out."""

    _outputs = np.zeros((0, 0))
    _input_signals = np.zeros((0, 0))

    def _flat(self, values: np.ndarray) -> np.ndarray:
        """Return values (*shape, N) as (neurons, N)."""
        return np.ascontiguousarray(values).reshape(self.input_shape.size, -1)

    def _like(self, buffer: np.ndarray, flat: np.ndarray) -> np.ndarray:
        return buffer if buffer.shape == flat.shape else aligned_zeros(flat.shape, self.dtype)


class Dropout(Buffered, noise.Dropout):
    """Takes values away while training; see `networks.noise.Dropout`."""

    def _disturb(self, values: np.ndarray, key: np.uint64) -> np.ndarray:
        flat = self._flat(values)
        self._outputs = self._like(self._outputs, flat)
        self._drop(flat, key, self._outputs)
        return self._outputs.reshape(values.shape)

    def _propagate(self, signals: np.ndarray, key: np.uint64) -> np.ndarray:
        flat = self._flat(signals)
        self._input_signals = self._like(self._input_signals, flat)
        if self.propagates:
            self._drop(flat, key, self._input_signals)
        return self._input_signals.reshape(signals.shape)

    def _drop(self, flat: np.ndarray, key: np.uint64, targets: np.ndarray) -> None:
        kernels.drop(flat, key, self._threshold, self._scale, targets, 0, len(flat))


class GaussianNoise(Buffered, noise.GaussianNoise):
    """Adds normal numbers while training; see `networks.noise.GaussianNoise`."""

    def _disturb(self, values: np.ndarray, key: np.uint64) -> np.ndarray:
        flat = self._flat(values)
        self._outputs = self._like(self._outputs, flat)
        self._add(flat, key, self._outputs)
        return self._outputs.reshape(values.shape)

    def _add(self, flat: np.ndarray, key: np.uint64, targets: np.ndarray) -> None:
        kernels.add_normal(flat, key, self.dtype.type(self.deviation), targets, 0, len(flat))
