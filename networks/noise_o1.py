"""Noise, rung o1: bits expanded and used in one compiled pass, on one thread.

Previous rung:  networks/noise.py
What changed:   networks/base/buffered_noise.py, which the next rung runs as well:
                1. the bits of a value are expanded where it is read, in registers: NumPy writes an array
                   of 64-bit numbers for each of some ten operations
                2. outputs and input signals are buffers kept between calls
                3. float32 has a logarithm and a cosine of its own, which vectorise
Predicted gain: 10: memory is read and written once instead of some 20 times in 64 bits
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                        N  direction     ms  x plain  x below  x PyTorch   of the limit
    dropout, 32x32x16         64  forward    0.187    30.00    30.00      52.57     74% memory
    dropout, 32x32x16         64  backward   0.184    28.90    28.90       0.47    151% memory
    gaussian noise, 32x32x16  64  forward     1.58    25.29    25.29       2.88      9% memory
    gaussian noise, 32x32x16  64  backward   0.002     1.04     1.04      11.87  17152% memory
.. benchmark: end
Loses when:     never seen; GaussianNoise passes signals on in a microsecond on every rung
Numerics:       Dropout has the same bits; GaussianNoise 1e-6 relative in float32, from its own logarithm
"""

from __future__ import annotations

from networks.base.buffered_noise import BufferedDropout, BufferedGaussianNoise


class Dropout(BufferedDropout):
    """Sets values to zero while training; see `networks.noise.Dropout`."""


class GaussianNoise(BufferedGaussianNoise):
    """Adds normal numbers while training; see `networks.noise.GaussianNoise`."""
