"""Upsampling, rung o1: explicit vectors, in arrays that are kept, on one thread.

Previous rung:  networks/upsampling.py
What changed:   networks/base/vector_upsampling.py, which the next rung runs as well:
                1. bilinear: an output number is summed in registers, four loads and six
                   multiply-adds for a vector of them, instead of products with matrices that are almost
                   all zeros
                2. nearest: a pixel is loaded once and stored as often as it is repeated, instead of
                   repeating first rows and then columns; backwards it is average pooling, and uses its sums
                3. backwards, the signals of an input pixel are gathered in registers; their weights are
                   computed once for all its numbers (docs/performance.md reads the profile)
                4. values and input signals are buffers kept between calls
Predicted gain: bilinear about side / 4, the share of the matrices that is zero; nearest 2, one pass over the
                output instead of two
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x plain  x below  x PyTorch  of the limit
    nearest upsampling, 16x16x16   64  forward    0.067     1.37     1.37      18.86   129% memory
    nearest upsampling, 16x16x16   64  backward   0.067     4.81     4.81       6.96   260% memory
    bilinear upsampling, 16x16x16  64  forward    0.086    11.11    11.11      20.80   101% memory
    bilinear upsampling, 16x16x16  64  backward   0.218      105      105      14.52    80% memory
.. benchmark: end
Loses when:     never seen; a batch of a few entries is padded to 16
Numerics:       nearest forward is the same bits; the others 1e-5 relative in float32, added in another order
"""

from __future__ import annotations

from networks.base.vector_upsampling import VectorBilinearUpsampling, VectorNearestUpsampling


class NearestUpsampling(VectorNearestUpsampling):
    """Repeats every pixel; see `networks.upsampling.NearestUpsampling`."""


class BilinearUpsampling(VectorBilinearUpsampling):
    """Averages the four nearest pixels with weights; see `networks.upsampling.BilinearUpsampling`."""
