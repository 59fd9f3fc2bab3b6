"""Noise, rung o2: in parallel.

Previous rung:  networks/noise_o1.py
What changed:   blocks of neurons run in parallel where there are enough values: every number of the
                sequence is computed from its place, so no thread waits for another's draws
Predicted gain: the number of threads, as long as the expansion and not memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                        N  direction     ms  x below  x PyTorch   of the limit
    dropout, 32x32x16         64  forward    0.179     1.93      56.48     99% memory
    dropout, 32x32x16         64  backward   0.177     1.94       0.55    201% memory
    gaussian noise, 32x32x16  64  forward    0.926     2.00       4.18     19% memory
    gaussian noise, 32x32x16  64  backward   0.001     0.64      10.74  25433% memory
.. benchmark: end
Loses when:     backwards of GaussianNoise, which hands signals on in a microsecond on either rung; below some
                ten thousand values it is the previous rung
Numerics:       those of the previous rung, for any number of threads
"""

from __future__ import annotations

import numpy as np

from networks import noise_o1
from networks.base.storage import converts
from nn.kernels import noise as kernels

WORTH_A_REGION = 1 << 16
"""Values from which a parallel region (some microseconds) pays."""

BLOCKS = 32
"""Blocks of neurons: more than the threads, so that uneven ones even out."""


@converts
class Dropout(noise_o1.Dropout):
    """Takes values away while training; see `networks.noise.Dropout`."""

    def _drop(self, flat: np.ndarray, key: np.uint64, targets: np.ndarray) -> None:
        if flat.size < WORTH_A_REGION:
            super()._drop(flat, key, targets)
        else:
            kernels.drop_parallel(flat, key, self._threshold, self._scale, targets, BLOCKS)


@converts
class GaussianNoise(noise_o1.GaussianNoise):
    """Adds normal numbers while training; see `networks.noise.GaussianNoise`."""

    def _add(self, flat: np.ndarray, key: np.uint64, targets: np.ndarray) -> None:
        if flat.size < WORTH_A_REGION:
            super()._add(flat, key, targets)
        else:
            deviation = self.dtype.type(self.deviation)
            kernels.add_normal_parallel(flat, key, deviation, targets, BLOCKS)
