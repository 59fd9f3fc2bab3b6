"""Merge, rung o1: one pass into arrays that are kept.

Previous rung:  networks/merge.py
What changed:   1. inputs are added and multiplied pair by pair in loops compiled by Numba; the plain rung
                   first copies all of them into one array
                2. values and the input signals of a product are buffers kept between calls
Predicted gain: 2 to 3 for sums and products of two: three numbers move instead of seven; 1 to 2 for
                concatenation, which is one copy either way, but into memory that is there already
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction     ms  x below  x PyTorch  of the limit
    add, two of 32x32x16          64  forward     1.35     0.45       0.04    19% memory
    add, two of 32x32x16          64  backward   0.094     1.00       1.45   541% memory
    concatenate, two of 32x32x16  64  forward    0.241     1.67       0.50   158% memory
    concatenate, two of 32x32x16  64  backward   0.398     1.04       0.53   192% memory
    multiply, two of 32x32x16     64  forward     1.33     0.45       0.04    19% memory
    multiply, two of 32x32x16     64  backward    3.94     0.29       0.06    13% memory
.. benchmark: end
Loses when:     sums and products that NumPy makes at the speed of memory: of two large arrays
Numerics:       the same bits for two inputs, but for the sign of a sum of zeros; with more, the signals of a
                product are multiplied in another order
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import merge
from networks.base.checks import check_signals
from nn.history import aligned_zeros
from nn.kernels import elementwise as kernels


class Merge(merge.Merge):
    """A network with several inputs; see `networks.merge.Merge`."""

    def _take(self, values: Sequence[np.ndarray]) -> None:
        super()._take(values)
        histories = values[0].shape[-1]
        if self._values.shape[-1] != histories:
            self._reserve(histories)

    def _reserve(self, histories: int) -> None:
        """Make room for values of so many histories."""
        self._values = aligned_zeros((*self.output_shape, histories), self.dtype)


class Concatenate(Merge, merge.Concatenate):
    """Puts the channels, or features, of its inputs side by side; see `networks.merge.Concatenate`."""

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the channels of all inputs (..., channels, N), one after the other."""
        self._take(values)
        self._fill()
        return self.values

    def _fill(self) -> None:
        """Copy the inputs to their places."""
        np.concatenate(self._inputs, axis=-2, out=self._values)


class Add(Merge, merge.Add):
    """Adds its inputs up; see `networks.merge.Add`."""

    def _add(self, first: np.ndarray, second: np.ndarray) -> None:
        """Write the sum of two flat arrays to the values."""
        kernels.add(first, second, self._values.reshape(-1), 0, first.size)

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the sum of all inputs (*input_shape, N)."""
        self._take(values)
        total, *others = (np.ascontiguousarray(array).reshape(-1) for array in values)
        for other in others:
            self._add(total, other)
            total = self._values.reshape(-1)
        return self.values


class Multiply(Merge, merge.Multiply):
    """Multiplies its inputs with each other; see `networks.merge.Multiply`."""

    def _reserve(self, histories: int) -> None:
        super()._reserve(histories)
        shape = (len(self.input_shapes), self._values.size)
        self._input_signals = aligned_zeros(shape, self.dtype)

    def _multiply(self, first: np.ndarray, second: np.ndarray, product: np.ndarray) -> None:
        """Write the product of two flat arrays to a third."""
        kernels.multiply(first, second, product, 0, first.size)

    def _multiply_all(self, arrays: Sequence[np.ndarray], product: np.ndarray) -> None:
        """Write the product of flat arrays to another."""
        first, *others = arrays
        for other in others:
            self._multiply(first, other, product)
            first = product

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the product of all inputs (*input_shape, N)."""
        self._take(values)
        self._flat = [np.ascontiguousarray(array).reshape(-1) for array in values]
        self._multiply_all(self._flat, self._values.reshape(-1))
        return self.values

    def backward(  # type: ignore[override]
        self, signals: np.ndarray, learning_rate: float | None = None
    ) -> list[np.ndarray]:
        """Return, for every input, the output signals (*output_shape, N) times all other inputs."""
        check_signals(self, signals)
        self._signals = np.ascontiguousarray(signals)
        for number, product in enumerate(self._input_signals):
            others = self._flat[:number] + self._flat[number + 1 :]
            self._multiply_all([self._signals.reshape(-1), *others], product)
        return [product.reshape(self._values.shape) for product in self._input_signals]
