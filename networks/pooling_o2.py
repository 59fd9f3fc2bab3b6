"""Pooling, rung o2: rows of windows in parallel.

Previous rung:  networks/pooling_o1.py
What changed:   rows of windows, and parts of few ones, run in parallel where it is worth it; backwards a task
                gathers all signals that a row of pixels gets, so tasks never write to the same place
Predicted gain: the threads while the image is in their caches, less where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                         N  direction     ms  x below  x PyTorch  of the limit
    max pooling, 32x32x16      64  forward    0.070    14.47      40.80   159% memory
    max pooling, 32x32x16      64  backward   0.085    42.85       2.16   261% memory
    average pooling, 32x32x16  64  forward    0.052    11.28      18.81   214% memory
    average pooling, 32x32x16  64  backward   0.071     6.29      12.76   311% memory
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


class GlobalMaxPooling(pooling.GlobalPooling, MaxPooling):
    """Keeps the greatest number of every channel; see `networks.pooling.GlobalMaxPooling`."""

    family = "global_max_pooling"


class GlobalAveragePooling(pooling.GlobalPooling, AveragePooling):
    """Averages every channel; see `networks.pooling.GlobalAveragePooling`."""

    family = "global_average_pooling"
