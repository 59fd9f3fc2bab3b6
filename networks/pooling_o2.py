"""Pooling, rung o2: rows of windows in parallel.

Previous rung:  networks/pooling_o1.py
What changed:   rows of windows, or parts of them where there are few, run in parallel where it pays;
                backwards a task gathers all signals that a row of pixels gets, so tasks never write to the
                same place
Predicted gain: the number of threads while the image is in their caches, less where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                         N  direction     ms  x plain  x below  x PyTorch  of the limit
    max pooling, 32x32x16      64  forward    0.102      107     0.95      30.28    60% memory
    max pooling, 32x32x16      64  backward   0.089    34.25     1.36       2.78   137% memory
    average pooling, 32x32x16  64  forward    0.070    12.38     1.41      19.22    88% memory
    average pooling, 32x32x16  64  backward   0.084    14.22     1.61      17.31   146% memory
.. benchmark: end
Loses when:     never expected: below the threshold it is o1
Numerics:       maxima are the same bits; averages, and signals of windows that overlap, 1e-5 relative in
                float32; the same bits for any number of threads, because every number is made by one task in
                a fixed order
"""

from __future__ import annotations

from networks import pooling
from networks.base.storage import converts
from networks.base.vector_pooling import VectorAveragePooling, VectorMaxPooling


@converts
class MaxPooling(VectorMaxPooling):
    """Keeps the greatest number of every window; see `networks.pooling.MaxPooling`."""

    parallel = True


@converts
class AveragePooling(VectorAveragePooling):
    """Averages every window; see `networks.pooling.AveragePooling`."""

    parallel = True


@converts
class GlobalMaxPooling(VectorMaxPooling, pooling.GlobalMaxPooling):
    """Keeps the greatest number of every channel; see `networks.pooling.GlobalMaxPooling`."""

    parallel = True


@converts
class GlobalAveragePooling(VectorAveragePooling, pooling.GlobalAveragePooling):
    """Averages every channel; see `networks.pooling.GlobalAveragePooling`."""

    parallel = True
