"""Merge, rung o2: in parallel.

Previous rung:  networks/merge_o1.py
What changed:   chunks (of a concatenation: pixels, or steps) run in parallel where it pays
Predicted gain: the number of threads while the arrays are in their caches; 1 to 2 where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction     ms  x plain  x below  x PyTorch  of the limit
    add, two of 32x32x16          64  forward    0.068     8.89     1.41       0.82   143% memory
    add, two of 32x32x16          64  backward   0.104     1.02     0.99       1.16   187% memory
    concatenate, two of 32x32x16  64  forward    0.123     1.98     1.27       0.88   119% memory
    concatenate, two of 32x32x16  64  backward   0.338     1.00     0.95       0.55    87% memory
    multiply, two of 32x32x16     64  forward    0.066     8.41     1.51       0.89   147% memory
    multiply, two of 32x32x16     64  backward   0.287     3.15     1.46       0.71    68% memory
.. benchmark: end
Loses when:     never expected: below the threshold it is o1
Numerics:       as o1, bit for bit
"""

from __future__ import annotations

from networks.base.buffered_merge import BufferedAdd, BufferedConcatenate, BufferedMultiply
from networks.base.storage import converts


@converts
class Concatenate(BufferedConcatenate):
    """Puts the channels, or features, of its inputs side by side; see `networks.merge.Concatenate`."""

    parallel = True


@converts
class Add(BufferedAdd):
    """Adds its inputs; see `networks.merge.Add`."""

    parallel = True


@converts
class Multiply(BufferedMultiply):
    """Multiplies its inputs; see `networks.merge.Multiply`."""

    parallel = True
