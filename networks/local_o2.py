"""Local, rung o2: bands of rows of tiles in parallel.

Previous rung:  networks/local_o1.py
What changed:   rows of tiles run in parallel forwards; backwards bands of them, the even ones and then
                the odd ones: windows of bands two apart never overlap, so no sum is contended
Predicted gain: the number of threads, until memory is the limit: with 8 histories 4 bytes a weight
                forwards, 8 backwards
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                        N  direction     ms  x plain  x below  x PyTorch  of the limit
    64x64x3 to 32x32x8, windows 5             32  forward    0.220    63.56     2.36        117  39% products
    64x64x3 to 32x32x8, windows 5             32  backward   0.654    32.12     1.74      41.78    30% memory
    32x32x8 to 16x16x16, windows 5            32  forward    0.164    25.08     1.88      30.75  67% products
    32x32x8 to 16x16x16, windows 5            32  backward   0.507    13.63     1.81      16.48  43% products
    16x16x16 to 32x32x8, windows 5            32  forward    0.425    14.31     2.02      24.36  95% products
    16x16x16 to 32x32x8, windows 5            32  backward    1.21     9.42     1.97      18.06  67% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16  32  step        9.37    11.49     1.67      23.66    57% memory
    384x384x3, 98 M weights, 8 histories       8  forward     19.0              1.39               36% memory
    384x384x3, 98 M weights, 8 histories       8  backward    39.5              1.78               34% memory
    384x384x3, 98 M weights, 32 histories     32  forward     26.9              1.95             47% products
    384x384x3, 98 M weights, 32 histories     32  backward    92.3              1.87             27% products
    384x384x3, 98 M weights, 8 in bfloat16     8  forward     15.1                                 42% memory
    384x384x3, 98 M weights, 8 in bfloat16     8  backward    30.3                                 42% memory
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
