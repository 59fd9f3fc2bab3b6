"""Merge, rung o2: in parallel.

Previous rung:  networks/merge_o1.py
What changed:   chunks (of a concatenation: pixels, or steps) run in parallel where it is worth it; the loops
                of o1 are whole vectors already
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

import numpy as np

from networks import merge_o1
from networks.base.storage import converts
from nn.kernels import elementwise as kernels
from nn.shape import features_of

WORTH_A_REGION = 200_000
"""Numbers in the output from which a parallel region pays."""


@converts
class Concatenate(merge_o1.Concatenate):
    """Puts the channels, or features, of its inputs side by side; see `networks.merge.Concatenate`."""

    def _fill(self) -> None:
        if self._values.size < WORTH_A_REGION:
            super()._fill()
            return
        histories = self._values.shape[-1]
        place = features_of(self.output_shape) * histories
        for array, begin in zip(self._inputs, [0, *self._ends], strict=True):
            piece = array.shape[-2] * histories
            flat = np.ascontiguousarray(array).reshape(-1)
            kernels.copy_pieces_parallel(flat, self._values.reshape(-1), piece, place, begin * histories)


@converts
class Add(merge_o1.Add):
    """Adds its inputs up; see `networks.merge.Add`."""

    def _add(self, first: np.ndarray, second: np.ndarray) -> None:
        if first.size < WORTH_A_REGION:
            super()._add(first, second)
        else:
            kernels.add_parallel(first, second, self._values.reshape(-1))


@converts
class Multiply(merge_o1.Multiply):
    """Multiplies its inputs with each other; see `networks.merge.Multiply`."""

    def _multiply(self, first: np.ndarray, second: np.ndarray, product: np.ndarray) -> None:
        if first.size < WORTH_A_REGION:
            super()._multiply(first, second, product)
        else:
            kernels.multiply_parallel(first, second, product)
