"""Local, rung o1: register tiles of explicit SIMD over the windows, read where they lie, on one thread.

Previous rung:  networks/local.py
What changed:   networks/base/tiled_local.py, which the next rung runs as well:
                1. a tile's sums run on the register tile of nn/kernels/core/tile.py, which reads the
                   window's rows where they lie in the image: no slices, no copies, no call per tile; for
                   up to 8 histories vectors run along the inputs (nn/kernels/core/half_vector_sums.py),
                   so that no lane is empty
                2. one pass backwards (nn/kernels/core/half_vector_gradients.py): 8 histories of a vector of
                   inputs and of their signals stay in registers through all outputs, and every weight is
                   read and written once; more histories come in blocks of 8
                3. windows that do not overlap are transposed tile by tile in cache, of others the image
                   once; weights and windows are prefetched where no hardware prefetcher follows
                4. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 5 to 20: the plain rung spends its time in calls, some microseconds a tile, and in
                products too small for NumPy's library to reach its rate
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                        N  direction     ms  x plain  x below  x PyTorch  of the limit
    64x64x3 to 32x32x8, windows 5             32  forward    0.304    48.17    48.17      73.91  51% products
    64x64x3 to 32x32x8, windows 5             32  backward    1.68    12.52    12.52      16.15  18% products
    32x32x8 to 16x16x16, windows 5            32  forward    0.258    16.96    16.96      21.27  77% products
    32x32x8 to 16x16x16, windows 5            32  backward    1.08     7.01     7.01       7.70  37% products
    16x16x16 to 32x32x8, windows 5            32  forward    0.878     7.53     7.53      12.66  83% products
    16x16x16 to 32x32x8, windows 5            32  backward    2.64     4.73     4.73       8.13  56% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16  32  step        17.8     6.55     6.55      12.27    31% memory
    384x384x3, 98 M weights, 8 histories       8  forward     28.5                                 26% memory
    384x384x3, 98 M weights, 8 histories       8  backward    58.6                                 26% memory
    384x384x3, 98 M weights, 32 histories     32  forward     52.8                               48% products
    384x384x3, 98 M weights, 32 histories     32  backward     182                               28% products
.. benchmark: end
Loses when:     never seen. Lines of a window that are short of whole vectors cost: 10 of 16 lanes work for
                a channel's windows of 10 x 10, 6 of 16 for those of 6 x 6
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp
"""

from __future__ import annotations

from networks.base.tiled_local import TiledLocal


class Local(TiledLocal):
    """A locally connected layer; see `networks.local.Local`."""
