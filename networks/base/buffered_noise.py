"""The fast rungs of noise: bits expanded and used in one compiled pass."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from networks import noise
from networks.noise import Noise
from nn.history import aligned_zeros
from nn.kernels import noise as kernels

WORTH_A_REGION = 1 << 16
"""Values from which a parallel region (some microseconds) pays."""

BLOCKS = 32
"""Blocks of neurons: more than the threads, so that uneven ones even out."""


class BufferedNoise(Noise):
    """Buffers for outputs and input signals; outside training the input itself is returned.

    Attributes
    ----------
    parallel
        Whether blocks of neurons run on several threads where it pays.
    """

    parallel: ClassVar[bool] = False
    _outputs = np.zeros((0, 0))
    _input_signals = np.zeros((0, 0))

    def _flat(self, values: np.ndarray) -> np.ndarray:
        """Return values (*shape, N) as (neurons, N)."""
        return np.ascontiguousarray(values).reshape(self.input_shape.size, -1)

    def _like(self, buffer: np.ndarray, flat: np.ndarray) -> np.ndarray:
        return buffer if buffer.shape == flat.shape else aligned_zeros(flat.shape, self.dtype)


class BufferedDropout(BufferedNoise, noise.Dropout):
    """Sets values to zero while training."""

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
        arguments = flat, key, self._threshold, self._scale, targets
        if self.parallel and flat.size >= WORTH_A_REGION:
            kernels.drop_parallel(*arguments, BLOCKS)
        else:
            kernels.drop(*arguments, 0, len(flat))


class BufferedGaussianNoise(BufferedNoise, noise.GaussianNoise):
    """Adds normal numbers while training."""

    def _disturb(self, values: np.ndarray, key: np.uint64) -> np.ndarray:
        flat = self._flat(values)
        self._outputs = self._like(self._outputs, flat)
        self._add(flat, key, self._outputs)
        return self._outputs.reshape(values.shape)

    def _add(self, flat: np.ndarray, key: np.uint64, targets: np.ndarray) -> None:
        arguments = flat, key, self.dtype.type(self.deviation), targets
        if self.parallel and flat.size >= WORTH_A_REGION:
            kernels.add_normal_parallel(*arguments, BLOCKS)
        else:
            kernels.add_normal(*arguments, 0, len(flat))
