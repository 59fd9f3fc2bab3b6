"""Normalisation, rung o2: blocks in parallel.

Previous rung:  networks/normalisation_o1.py
What changed:   blocks run in parallel where there are enough values for a parallel region
Predicted gain: the number of threads, until memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x plain  x below  x PyTorch  of the limit
    batch normalisation, 32x32x16  64  forward    0.167    22.99     1.78       4.16    58% memory
    batch normalisation, 32x32x16  64  backward   0.187    18.04     1.37       0.86   104% memory
    layer normalisation, 28x128    64  forward    0.056    10.30     1.00       1.04    38% memory
    layer normalisation, 28x128    64  backward   0.076    13.13     1.28       1.00    56% memory
.. benchmark: end
Loses when:     never expected: below the threshold it is o1
Numerics:       1e-5 relative in float32: sums in another order, fused multiply-adds; the same bits for
                any number of threads, because blocks depend on the sizes alone
"""

from __future__ import annotations

from networks.base.storage import converts
from networks.base.vector_normalisation import VectorBatchNormalisation, VectorLayerNormalisation


@converts
class BatchNormalisation(VectorBatchNormalisation):
    """Normalises channels over the batch; see `networks.normalisation.BatchNormalisation`."""

    parallel = True


@converts
class LayerNormalisation(VectorLayerNormalisation):
    """Normalises the features of each entry; see `networks.normalisation.LayerNormalisation`."""

    parallel = True
