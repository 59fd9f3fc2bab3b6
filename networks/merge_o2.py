"""Merge, rung o2: in parallel.

Previous rung:  networks/merge_o1.py
What changed:   chunks (of a concatenation: pixels, or steps) run in parallel where it is worth it
Predicted gain: the threads while the arrays are in their caches; 1 to 2 where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction     ms  x below  x PyTorch  of the limit
    add, two of 32x32x16          64  forward    0.664     2.03       0.09    27% memory
    add, two of 32x32x16          64  backward   0.095     0.99       1.43   373% memory
    concatenate, two of 32x32x16  64  forward    0.149     1.61       0.80   178% memory
    concatenate, two of 32x32x16  64  backward   0.402     0.99       0.53   133% memory
    multiply, two of 32x32x16     64  forward    0.661     2.02       0.08    27% memory
    multiply, two of 32x32x16     64  backward    2.08     1.90       0.11    17% memory
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
    """Adds its inputs up; see `networks.merge.Add`."""

    parallel = True


@converts
class Multiply(BufferedMultiply):
    """Multiplies its inputs with each other; see `networks.merge.Multiply`."""

    parallel = True
