"""Embedding, rung o1: blocks transposed in registers, in arrays that are kept, on one thread.

Previous rung:  networks/embedding.py
What changed:   networks/base/vector_embedding.py, which the next rung runs as well:
                1. labels are checked and converted in one pass, where NumPy makes five
                2. the features of 16 entries are loaded as whole rows and transposed in registers, 16 by
                   16, straight into their place; the signals likewise on their way back, without arrays
                   of rows in between
                3. outputs are a buffer kept between calls
Predicted gain: 3 forwards, for the arrays saved; 20 backwards, where NumPy's unbuffered addition takes some
                ten nanoseconds a number
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                N  direction     ms  x plain  x below  x PyTorch  of the limit
    64 of 10,000 labels, 64 features  64  forward    0.037     3.46     3.46       0.62   164% memory
    64 of 10,000 labels, 64 features  64  backward   0.039    49.70    49.70       4.53   418% memory
.. benchmark: end
Loses when:     never seen; fewer than 16 features go one by one
Numerics:       the same bits forwards; 1e-6 relative backwards: fused multiply-adds, and a descent in the
                same pass rounds after every signal
"""

from __future__ import annotations

from networks.base.vector_embedding import VectorEmbedding


class Embedding(VectorEmbedding):
    """Replaces labels by rows of features; see `networks.embedding.Embedding`."""
