"""Softmax, rung o1: strips of histories in explicit vectors, in arrays that are kept, on one thread.

Previous rung:  networks/softmax.py
What changed:   networks/base/vector_softmax.py, which the next rung runs as well:
                1. a strip of histories goes through all features together and stays in the nearest cache:
                   three passes, which read memory in order, instead of five over whole arrays
                2. exp, comparisons and sums work on whole vectors; for float32 exp is a polynomial
                3. one division for an entry's sum instead of one for each of its features
                4. values and input signals are buffers kept between calls
Predicted gain: 1 to 3: exp is most of the work forwards, and NumPy's is a polynomial in vectors as well
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                 N  direction     ms  x plain  x below  x PyTorch  of the limit
    softmax, 1x1x1000  64  forward    0.048     2.16     2.16       2.70    18% memory
    softmax, 1x1x1000  64  backward   0.015     3.69     3.69      15.53   110% memory
.. benchmark: end
Loses when:     never seen; a batch of a few entries is padded to 16
Numerics:       1e-5 relative in float32: sums in another order, polynomial exp
"""

from __future__ import annotations

from networks.base.vector_softmax import VectorSoftmax


class Softmax(VectorSoftmax):
    """Positive values that sum to 1; see `networks.softmax.Softmax`."""
