"""Merge, rung o1: one pass into arrays that are kept, on one thread.

Previous rung:  networks/merge.py
What changed:   networks/base/buffered_merge.py, which the next rung runs as well:
                1. inputs are added and multiplied pair by pair in loops compiled by Numba; the plain rung
                   first copies all of them into one array
                2. values and the input signals of a product are buffers kept between calls
Predicted gain: 2 to 6 for sums and products of two: three numbers move instead of seven, and into memory that
                is there already; 1 to 2 for concatenation, which is one copy either way
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction     ms  x plain  x below  x PyTorch  of the limit
    add, two of 32x32x16          64  forward    0.078     5.44     5.44       0.65   176% memory
    add, two of 32x32x16          64  backward   0.080     1.09     1.09       0.95   346% memory
    concatenate, two of 32x32x16  64  forward    0.147     1.38     1.38       0.80   141% memory
    concatenate, two of 32x32x16  64  backward   0.256     1.00     1.00       0.43   162% memory
    multiply, two of 32x32x16     64  forward    0.089     5.32     5.32       0.70   155% memory
    multiply, two of 32x32x16     64  backward   0.383     2.23     2.23       0.83    72% memory
.. benchmark: end
Loses when:     never seen; backwards, sums and concatenations hand on what they are given on every rung
Numerics:       the same bits for two inputs, but for the sign of a sum of zeros; with more, the signals of a
                product are multiplied in another order
"""

from __future__ import annotations

from networks.base.buffered_merge import BufferedAdd, BufferedConcatenate, BufferedMultiply


class Concatenate(BufferedConcatenate):
    """Puts the channels, or features, of its inputs side by side; see `networks.merge.Concatenate`."""


class Add(BufferedAdd):
    """Adds its inputs up; see `networks.merge.Add`."""


class Multiply(BufferedMultiply):
    """Multiplies its inputs with each other; see `networks.merge.Multiply`."""
