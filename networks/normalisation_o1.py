"""Normalisation, rung o1: explicit vectors, blocks that stay in cache, on one thread.

Previous rung:  networks/normalisation.py
What changed:   networks/base/vector_normalisation.py, which the next rung runs as well:
                1. sums stay in vector registers: NumPy writes an array as large as the values for every
                   operation of the formulas
                2. a channel is measured block by block: the second pass over a block, for the variance,
                   finds it in cache; means and squares of the blocks are then put together
                3. a layer normalisation measures a vector of entries at a time: what it reads twice or
                   three times is still in cache, and no sum crosses a vector
                4. outputs and input signals are buffers kept between calls
Predicted gain: 5 to 10: 5 passes over memory, where NumPy reads or writes the values some 20 times and
                allocates every time
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x plain  x below  x PyTorch  of the limit
    batch normalisation, 32x32x16  64  forward    0.297    12.94    12.94       2.34    47% memory
    batch normalisation, 32x32x16  64  backward   0.256    13.17    13.17       0.63   109% memory
    layer normalisation, 28x128    64  forward    0.056    10.35    10.35       1.04    55% memory
    layer normalisation, 28x128    64  backward   0.097    10.30    10.30       0.79    63% memory
.. benchmark: end
Loses when:     never seen; fewer than 16 histories take as long as 16
Numerics:       1e-5 relative in float32: sums in another order than NumPy's, fused multiply-adds
"""

from __future__ import annotations

from networks.base.vector_normalisation import VectorBatchNormalisation, VectorLayerNormalisation


class BatchNormalisation(VectorBatchNormalisation):
    """Normalises channels over the batch; see `networks.normalisation.BatchNormalisation`."""


class LayerNormalisation(VectorLayerNormalisation):
    """Normalises the features of each entry; see `networks.normalisation.LayerNormalisation`."""
