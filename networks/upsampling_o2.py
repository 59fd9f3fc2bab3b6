"""Upsampling, rung o2: rows of pixels in parallel.

Previous rung:  networks/upsampling_o1.py
What changed:   rows, or parts of them where there are few, run in parallel where it pays
Predicted gain: the number of threads while the images are in their caches, less where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x plain  x below  x PyTorch  of the limit
    nearest upsampling, 16x16x16   64  forward    0.052     1.76     1.28      24.20   116% memory
    nearest upsampling, 16x16x16   64  backward   0.061     5.30     1.10       7.67   201% memory
    bilinear upsampling, 16x16x16  64  forward    0.103     9.33     0.84      17.46    59% memory
    bilinear upsampling, 16x16x16  64  backward   0.278    82.42     0.78      11.37    44% memory
.. benchmark: end
Loses when:     bilinear passes of less than 0.3 ms, where starting a parallel region can cost more than it
                gains; below the threshold it is o1
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
    """Averages the four nearest pixels with weights; see `networks.upsampling.BilinearUpsampling`."""

    parallel = True
    stores_halves = True
