"""Merge, rung o1: one pass into arrays that are kept, on one thread.

Previous rung:  networks/merge.py
What changed:   networks/base/buffered_merge.py, which the next rung runs as well:
                1. inputs are added and multiplied pair by pair in loops compiled by Numba; the plain rung
                   first copies all of them into one array
                2. values and the input signals of a product are buffers kept between calls
Predicted gain: 2 to 6 for sums and products of two: three numbers move instead of seven, and into existing
                memory; 1 to 2 for concatenation, which is one copy either way
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction     ms  x plain  x below  x PyTorch  of the limit
    add, two of 32x32x16          64  forward    0.096     6.32     6.32       0.59   145% memory
    add, two of 32x32x16          64  backward   0.104     1.03     1.03       1.17   269% memory
    concatenate, two of 32x32x16  64  forward    0.156     1.56     1.56       0.70   134% memory
    concatenate, two of 32x32x16  64  backward   0.320     1.06     1.06       0.58   130% memory
    multiply, two of 32x32x16     64  forward    0.100     5.57     5.57       0.59   139% memory
    multiply, two of 32x32x16     64  backward   0.419     2.16     2.16       0.49    66% memory
.. benchmark: end
Loses when:     never seen; backwards, sums and concatenations pass on the signals themselves on every rung
Numerics:       the same bits for two inputs, but for the sign of a sum of zeros; with more, the signals of a
                product are multiplied in another order
"""

from __future__ import annotations

from networks.base.buffered_merge import BufferedAdd, BufferedConcatenate, BufferedMultiply


class Concatenate(BufferedConcatenate):
    """Puts the channels, or features, of its inputs side by side; see `networks.merge.Concatenate`."""


class Add(BufferedAdd):
    """Adds its inputs; see `networks.merge.Add`."""


class Multiply(BufferedMultiply):
    """Multiplies its inputs; see `networks.merge.Multiply`."""
