"""Local, rung o2: bands of rows of tiles in parallel.

Previous rung:  networks/local_o1.py
What changed:   rows of tiles run in parallel forwards; backwards bands of them, the even ones and then
                the odd ones: windows of bands two apart never overlap, so no sum is contended
Predicted gain: the number of threads, until memory is the limit: with 8 histories 4 bytes a weight
                forwards, 8 backwards
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                                 N  direction     ms  x below  x PyTorch  of the limit
    64x64x3 to 32x32x8, windows 5                      32  forward    0.304     7.77      75.39  54% products
    64x64x3 to 32x32x8, windows 5                      32  backward   0.830    14.02      32.33  40% products
    32x32x8 to 16x16x16, windows 5                     32  forward    0.275    10.57      24.87  77% products
    32x32x8 to 16x16x16, windows 5                     32  backward   0.713    19.37      15.90  59% products
    16x16x16 to 32x32x8, windows 5                     32  forward    0.855    12.46      16.75  91% products
    16x16x16 to 32x32x8, windows 5                     32  backward    2.10    23.31      12.94  74% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16 and back  32  step        13.5    10.59      19.46    39% memory
    384x384x3, 98 M weights, 8 histories                8  forward     21.8    16.85               33% memory
    384x384x3, 98 M weights, 8 histories                8  backward    41.9    14.19               34% memory
    384x384x3, 98 M weights, 32 histories              32  forward     46.7     9.60             57% products
    384x384x3, 98 M weights, 32 histories              32  backward     142    14.50             38% products
    384x384x3, 98 M weights, 8 histories, bfloat16      8  forward     22.5                      30% products
    384x384x3, 98 M weights, 8 histories, bfloat16      8  backward    43.6                      31% products
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
