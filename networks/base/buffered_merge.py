"""The fast rungs of merges: one pass into arrays that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from networks import merge
from networks.base.checks import check_signals
from nn.history import aligned_zeros
from nn.kernels import elementwise as kernels
from nn.shape import features_of

WORTH_A_REGION = 200_000
"""Numbers in the output above which a parallel region pays."""


class BufferedMerge(merge.Merge):
    """A network with several inputs, whose arrays are kept.

    Attributes
    ----------
    parallel
        Whether chunks run on several threads where it pays.
    """

    parallel: ClassVar[bool] = False

    def _take(self, values: Sequence[np.ndarray]) -> None:
        super()._take(values)
        histories = values[0].shape[-1]
        if self._values.shape[-1] != histories:
            self._reserve(histories)

    def _reserve(self, histories: int) -> None:
        """Make room for values of so many histories."""
        self._values = aligned_zeros((*self.output_shape, histories), self.dtype)


class BufferedConcatenate(BufferedMerge, merge.Concatenate):
    """Puts the channels, or features, of its inputs side by side."""

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the channels of all inputs (..., channels, N), one after the other."""
        self._take(values)
        self._fill()
        return self.values

    def _fill(self) -> None:
        """Copy the inputs to their places."""
        if not (self.parallel and self._values.size >= WORTH_A_REGION):
            np.concatenate(self._inputs, axis=-2, out=self._values)
            return
        histories = self._values.shape[-1]
        place = features_of(self.output_shape) * histories
        for array, begin in zip(self._inputs, [0, *self._ends], strict=True):
            piece = array.shape[-2] * histories
            flat = np.ascontiguousarray(array).reshape(-1)
            kernels.copy_pieces_parallel(flat, self._values.reshape(-1), piece, place, begin * histories)


class BufferedAdd(BufferedMerge, merge.Add):
    """Adds its inputs."""

    def _add(self, first: np.ndarray, second: np.ndarray) -> None:
        """Write the sum of two flat arrays to the values."""
        if self.parallel and first.size >= WORTH_A_REGION:
            kernels.add_parallel(first, second, self._values.reshape(-1))
        else:
            kernels.add(first, second, self._values.reshape(-1), 0, first.size)

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the sum of all inputs (*input_shape, N)."""
        self._take(values)
        total, *others = (np.ascontiguousarray(array).reshape(-1) for array in values)
        for other in others:
            self._add(total, other)
            total = self._values.reshape(-1)
        return self.values


class BufferedMultiply(BufferedMerge, merge.Multiply):
    """Multiplies its inputs."""

    def _reserve(self, histories: int) -> None:
        super()._reserve(histories)
        shape = (len(self.input_shapes), self._values.size)
        self._input_signals = aligned_zeros(shape, self.dtype)

    def _multiply(self, first: np.ndarray, second: np.ndarray, product: np.ndarray) -> None:
        """Write the product of two flat arrays to a third."""
        if self.parallel and first.size >= WORTH_A_REGION:
            kernels.multiply_parallel(first, second, product)
        else:
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
