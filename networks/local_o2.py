"""Local, rung o2: bands of rows of tiles in parallel.

Previous rung:  networks/local_o1.py
What changed:   rows of tiles run in parallel forwards; backwards bands of them, the even ones and then the
                odd ones: windows of bands two apart never overlap, so no two threads add to the same sum
Predicted gain: the number of threads, until memory is the limit: with 8 histories 4 bytes a weight
                forwards, 8 backwards
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                        N  direction     ms  x plain  x below  x PyTorch  of the limit
    64x64x3 to 32x32x8, windows 5             32  forward    0.304    48.19     1.00      73.93  26% products
    64x64x3 to 32x32x8, windows 5             32  backward   0.877    23.94     1.91      30.87  18% products
    32x32x8 to 16x16x16, windows 5            32  forward    0.154    28.39     1.67      35.60  66% products
    32x32x8 to 16x16x16, windows 5            32  backward   0.530    14.31     2.04      15.72  38% products
    16x16x16 to 32x32x8, windows 5            32  forward    0.440    15.02     2.00      25.26  85% products
    16x16x16 to 32x32x8, windows 5            32  backward    1.44     8.68     1.83      14.91  52% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16  32  step        11.0    10.54     1.61      19.76    35% memory
    384x384x3, 98 M weights, 8 histories       8  forward     22.6              1.26               23% memory
    384x384x3, 98 M weights, 8 histories       8  backward    36.8              1.59               29% memory
    384x384x3, 98 M weights, 32 histories     32  forward     30.1              1.75             43% products
    384x384x3, 98 M weights, 32 histories     32  backward     102              1.79             25% products
    384x384x3, 98 M weights, 8 in bfloat16     8  forward     22.1                                 22% memory
    384x384x3, 98 M weights, 8 in bfloat16     8  backward    38.4                                 26% memory
.. benchmark: end
Loses when:     never expected: below a million multiply-adds it is o1
Limits:         at most as many threads as rows of tiles forwards, and half the bands backwards, have work: 48
                and 6 for windows of 10 on 48 x 48 tiles; of others, all rows and half of them. 16 cores
                want larger images or tiles cut by columns too; at 64, memory bandwidth is the limit for
                8 histories long before
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp; the same bits for any
                number of threads, because bands meet in a fixed order
"""

from __future__ import annotations

from networks.base.storage import converts
from networks.base.tiled_local import TiledLocal


@converts
class Local(TiledLocal):
    """A locally connected layer; see `networks.local.Local`."""

    parallel = True
