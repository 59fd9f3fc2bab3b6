"""Merge, rung o2: in parallel.

Previous rung:  networks/merge_o1.py
What changed:   chunks (of a concatenation: pixels, or steps) run in parallel where it is worth it
Predicted gain: the threads while the arrays are in their caches; 1 to 2 where memory is the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction     ms  x plain  x below  x PyTorch  of the limit
    add, two of 32x32x16          64  forward    0.056     7.63     1.40       0.92   226% memory
    add, two of 32x32x16          64  backward   0.078     1.11     1.02       0.97   322% memory
    concatenate, two of 32x32x16  64  forward    0.099     2.05     1.48       1.18   191% memory
    concatenate, two of 32x32x16  64  backward   0.251     1.02     1.02       0.44   150% memory
    multiply, two of 32x32x16     64  forward    0.064     7.33     1.38       0.96   195% memory
    multiply, two of 32x32x16     64  backward   0.403     2.12     0.95       0.79    63% memory
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
