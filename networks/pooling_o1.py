"""Pooling, rung o1: windows on explicit vectors, in arrays that are kept, on one thread.

Previous rung:  networks/pooling.py
What changed:   networks/base/vector_pooling.py, which the next rung runs as well:
                1. the greatest number (or the sum) of a window and its winner stay in registers until the
                   whole window is seen, instead of NumPy passes over all windows for every position in them
                2. a winner is chosen by comparing whole vectors, without a branch
                3. backwards all signals that a row of pixels gets are gathered, row after row
                4. values, winners and input signals are buffers kept between calls
Predicted gain: 5 to 50: the pixels of a window are read once; the plain rung makes five passes (for averages
                one) over the output for every position in a window, and temporary arrays
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                         N  direction     ms  x plain  x below  x PyTorch  of the limit
    max pooling, 32x32x16      64  forward    0.097      113      113      31.83    90% memory
    max pooling, 32x32x16      64  backward   0.121    25.20    25.20       2.04   144% memory
    average pooling, 32x32x16  64  forward    0.098     8.78     8.78      13.63    89% memory
    average pooling, 32x32x16  64  backward   0.134     8.84     8.84      10.76   129% memory
.. benchmark: end
Loses when:     never seen; a batch of a few entries is padded to 16
Numerics:       maxima are the same bits; averages, and signals of windows that overlap, 1e-5 relative in
                float32, added in another order
"""

from __future__ import annotations

from networks import pooling
from networks.base.vector_pooling import VectorAveragePooling, VectorMaxPooling


class MaxPooling(VectorMaxPooling):
    """Keeps the greatest number of every window; see `networks.pooling.MaxPooling`."""


class AveragePooling(VectorAveragePooling):
    """Averages every window; see `networks.pooling.AveragePooling`."""


class GlobalMaxPooling(VectorMaxPooling, pooling.GlobalMaxPooling):
    """Keeps the greatest number of every channel; see `networks.pooling.GlobalMaxPooling`."""


class GlobalAveragePooling(VectorAveragePooling, pooling.GlobalAveragePooling):
    """Averages every channel; see `networks.pooling.GlobalAveragePooling`."""
