"""Upsampling, rung o2: rows of pixels in parallel.

Previous rung:  networks/upsampling_o1.py
What changed:   rows, and parts of few ones, run in parallel where it is worth it
Predicted gain: the threads while the images are in their caches, less where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x plain  x below  x PyTorch  of the limit
    nearest upsampling, 16x16x16   64  forward    0.045     1.97     1.35      14.75   160% memory
    nearest upsampling, 16x16x16   64  backward   0.064     4.96     1.04       5.29   222% memory
    bilinear upsampling, 16x16x16  64  forward    0.069    11.72     1.22      19.53   103% memory
    bilinear upsampling, 16x16x16  64  backward   0.140      186     1.53      14.16   102% memory
.. benchmark: end
Loses when:     never expected: below the threshold it is o1
Numerics:       nearest forward is the same bits; the others 1e-5 relative in float32; the same bits for any
                number of threads, because every number is made by one task in a fixed order
"""

from __future__ import annotations

from networks.base.vector_upsampling import VectorBilinearUpsampling, VectorNearestUpsampling


class NearestUpsampling(VectorNearestUpsampling):
    """Repeats every pixel; see `networks.upsampling.NearestUpsampling`."""

    parallel = True
    stores_halves = True


class BilinearUpsampling(VectorBilinearUpsampling):
    """Weighs the four nearest pixels; see `networks.upsampling.BilinearUpsampling`."""

    parallel = True
    stores_halves = True
