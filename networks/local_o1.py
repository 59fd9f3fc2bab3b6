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
    64x64x3 to 32x32x8, windows 5             32  forward    0.293    45.30    45.30      65.53  47% products
    64x64x3 to 32x32x8, windows 5             32  backward   0.978    19.81    19.81      26.52  28% products
    32x32x8 to 16x16x16, windows 5            32  forward    0.247    15.77    15.77      19.28  72% products
    32x32x8 to 16x16x16, windows 5            32  backward   0.888     7.47     7.47       8.68  40% products
    16x16x16 to 32x32x8, windows 5            32  forward    0.760     7.54     7.54      13.39  86% products
    16x16x16 to 32x32x8, windows 5            32  backward    2.29     4.89     4.89       8.91  57% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16  32  step        14.7     7.30     7.30      13.46    37% memory
    384x384x3, 98 M weights, 8 histories       8  forward     24.0                                 30% memory
    384x384x3, 98 M weights, 8 histories       8  backward    50.5                                 29% memory
    384x384x3, 98 M weights, 32 histories     32  forward     48.5                               47% products
    384x384x3, 98 M weights, 32 histories     32  backward     174                               26% products
.. benchmark: end
Loses when:     never seen. Lines of a window that are short of whole vectors cost: 10 of 16 lanes work for
                a channel's windows of 10 x 10, 6 of 16 for those of 6 x 6
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp
"""

from __future__ import annotations

from networks.base.tiled_local import TiledLocal


class Local(TiledLocal):
    """A locally connected layer; see `networks.local.Local`."""
