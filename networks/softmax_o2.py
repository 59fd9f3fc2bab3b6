"""Softmax, rung o2: strips of histories in parallel.

Previous rung:  networks/softmax_o1.py
What changed:   strips of all places run in parallel where it pays
Predicted gain: the number of threads, where there are at least as many strips
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                 N  direction     ms  x plain  x below  x PyTorch  of the limit
    softmax, 1x1x1000  64  forward    0.048     2.15     0.99       2.69    12% memory
    softmax, 1x1x1000  64  backward   0.016     3.49     0.95      14.71    73% memory
.. benchmark: end
Loses when:     never expected: below the threshold it is o1
Numerics:       1e-5 relative in float32; the same bits for any number of threads, because every number is
                made by one task in a fixed order
"""

from __future__ import annotations

from networks.base.storage import converts
from networks.base.vector_softmax import VectorSoftmax


@converts
class Softmax(VectorSoftmax):
    """Positive values that sum to 1; see `networks.softmax.Softmax`."""

    parallel = True
