"""Local, rung o2: bands of rows of tiles in parallel.

Previous rung:  networks/local_o1.py
What changed:   rows of tiles run in parallel forwards; backwards bands of them, the even ones and then
                the odd ones: windows of bands two apart never overlap, so no sum is contended
Predicted gain: the number of threads, until memory is the limit: with 8 histories 4 bytes a weight
                forwards, 8 backwards
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                        N  direction     ms  x plain  x below  x PyTorch  of the limit
    64x64x3 to 32x32x8, windows 5             32  forward    0.186    71.18     1.57        103  43% products
    64x64x3 to 32x32x8, windows 5             32  backward   0.546    35.49     1.79      47.50    33% memory
    32x32x8 to 16x16x16, windows 5            32  forward    0.154    25.31     1.60      30.94  66% products
    32x32x8 to 16x16x16, windows 5            32  backward   0.508    13.05     1.75      15.16  40% products
    16x16x16 to 32x32x8, windows 5            32  forward    0.404    14.19     1.88      25.19  93% products
    16x16x16 to 32x32x8, windows 5            32  backward    1.24     9.05     1.85      16.48  61% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16  32  step        8.87    12.07     1.65      22.26    55% memory
    384x384x3, 98 M weights, 8 histories       8  forward     16.1              1.49               41% memory
    384x384x3, 98 M weights, 8 histories       8  backward    30.3              1.67               43% memory
    384x384x3, 98 M weights, 32 histories     32  forward     26.3              1.85             49% products
    384x384x3, 98 M weights, 32 histories     32  backward    94.9              1.83             27% products
    384x384x3, 98 M weights, 8 in bfloat16     8  forward     20.6                                 30% memory
    384x384x3, 98 M weights, 8 in bfloat16     8  backward    31.6                                 39% memory
.. benchmark: end
Loses when:     never expected: below a million multiply-adds it is o1
Limits:         forwards rows of tiles, backwards half the bands are the most threads that find work: 48
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
