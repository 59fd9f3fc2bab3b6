"""Embedding, rung o2: positions, or features, in parallel.

Previous rung:  networks/embedding_o1.py
What changed:   positions run in parallel forwards, groups of 16 features backwards: no two threads add to the
                same number, and each number sums its signals in the order of the batch
Predicted gain: the number of threads, until memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                N  direction     ms  x plain  x below  x PyTorch  of the limit
    64 of 10,000 labels, 64 features  64  forward    0.035     3.65     1.05       0.65   121% memory
    64 of 10,000 labels, 64 features  64  backward   0.028    69.47     1.40       6.33   410% memory
.. benchmark: end
Loses when:     never expected: below the threshold it is o1
Numerics:       1e-6 relative backwards: fused multiply-adds; the same bits for any number of threads
"""

from __future__ import annotations

from networks.base.storage import converts
from networks.base.vector_embedding import VectorEmbedding


@converts
class Embedding(VectorEmbedding):
    """Replaces labels by rows of features; see `networks.embedding.Embedding`."""

    parallel = True
