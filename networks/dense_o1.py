"""Dense, rung o1: all sums on register tiles of explicit SIMD, in arrays that are kept, on one thread.

Previous rung:  networks/dense.py
What changed:   networks/base/tiled_dense.py, which the next rung runs as well:
                1. all three products run on the register tile of nn/kernels/core/tile.py: 8 rows by 2
                   vectors of sums stay in registers while 10 loads feed 16 multiply-adds
                2. the weight gradient is a product too: the inputs are transposed once, so that its
                   vectors run along the weights and need no horizontal sums
                3. bias, activation and derivative are compiled passes over what has just been made
                4. values, deltas and input signals are buffers kept between calls, the histories padded
                   to whole vectors
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 1 to 2: NumPy's library reaches 0.8 of the tile's rate in large products and half of it
                where the histories are few, and every gradient is an array of its own before it is
                added; 1 for layers so small that a call from Python is all there is
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                    N  direction     ms  x plain  x below  x PyTorch  of the limit
    16 to 16                              32  forward    0.005     1.32     1.32       1.73     2% memory
    16 to 16                              32  backward   0.010     1.35     1.35       4.09     2% memory
    512 to 512                            64  forward    0.234     1.77     1.77       1.32  58% products
    512 to 512                            64  backward   0.318     2.38     2.38       1.72  86% products
    autoencoder 784-256-64-32-64-256-784  64  step       0.900     2.80     2.80       1.70  65% products
    tiny network 2-16-16-1                32  step       0.050     1.30     1.30       3.38     1% memory
.. benchmark: end
Loses when:     never seen; below some hundred connections a call costs the same on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp
"""

from __future__ import annotations

from networks.base.tiled_dense import TiledDense


class Dense(TiledDense):
    """A fully connected layer; see `networks.dense.Dense`."""
