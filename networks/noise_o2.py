"""Noise, rung o2: in parallel.

Previous rung:  networks/noise_o1.py
What changed:   blocks of neurons run in parallel where there are enough values: every number of the
                sequence is computed from its place, so no thread waits for another's draws
Predicted gain: the number of threads, as long as the expansion and not memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                        N  direction     ms  x plain  x below  x PyTorch  of the limit
    dropout, 32x32x16         64  forward    0.187    30.05     1.00      52.66    52% memory
    dropout, 32x32x16         64  backward   0.103    51.74     1.79       0.85   190% memory
    gaussian noise, 32x32x16  64  forward    0.824    48.62     1.92       5.53    12% memory
    gaussian noise, 32x32x16  64  backward   0.002     0.72     0.69       8.19  8301% memory
.. benchmark: end
Loses when:     backward of GaussianNoise, which passes signals on in a microsecond: o2 also checks whether
                it stores bfloat16; below some ten thousand values it is the previous rung
Numerics:       those of the previous rung, for any number of threads
"""

from __future__ import annotations

from networks.base.buffered_noise import BufferedDropout, BufferedGaussianNoise
from networks.base.storage import converts


@converts
class Dropout(BufferedDropout):
    """Sets values to zero while training; see `networks.noise.Dropout`."""

    parallel = True


@converts
class GaussianNoise(BufferedGaussianNoise):
    """Adds normal numbers while training; see `networks.noise.GaussianNoise`."""

    parallel = True
