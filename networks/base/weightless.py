"""The base of networks without parameters.

They move, compare, combine or transform values: their neurons have no connections of their own to learn.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype, check_input, check_signals
from networks.base.network import Network
from nn.bfloat16 import as_stored
from nn.bfloat16_arrays import converted
from nn.history import aligned_zeros, pad_histories, padded
from nn.parameters import Parameters
from nn.shape import AnyShape, as_shape


class Weightless(Network):
    """A network without parameters.

    Parameters
    ----------
    input_shape, output_shape
        Shapes of both ends.
    dtype
        float32 or float64.
    """

    def __init__(self, input_shape: AnyShape, output_shape: AnyShape, dtype: DTypeLike) -> None:
        self.input_shape = as_shape(input_shape)
        self.output_shape = as_shape(output_shape)
        self.parameters = Parameters({}, check_dtype(dtype))
        self._values = np.zeros((*self.output_shape, 0), self.dtype)
        self._signals = np.zeros((*self.output_shape, 0), self.dtype)

    @property
    def values(self) -> np.ndarray:
        """Output values (*output_shape, N) of the last forward."""
        return self._values

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*output_shape, N) in the last backward."""
        return self._signals

    @property
    def connections(self) -> int:
        """None has a weight."""
        return 0

    def history_bytes(self, histories: int) -> int:
        """Return the memory for values and signals of inputs and outputs; see `Network.history_bytes`."""
        numbers = 2 * (self.output_shape.size + self.input_shape.size)
        return numbers * padded(histories) * self.stored_dtype.itemsize


class Padded(Weightless):
    """Keeps its arrays between calls, padded to whole vectors of histories, and passes flat ones to kernels.

    The base of rungs above the plain one.

    Attributes
    ----------
    parallel
        Whether a pass runs on several threads where it pays.
    """

    parallel: ClassVar[bool] = False
    _input_signals: np.ndarray
    _entries = 0

    def _reserve(self, histories: int) -> None:
        """Make room for values and input signals of so many histories."""
        if (self._values.shape[-1], self._values.dtype) != (histories, self.stored_dtype):
            self._values = aligned_zeros((*self.output_shape, histories), self.stored_dtype)
            self._input_signals = aligned_zeros((*self.input_shape, histories), self.stored_dtype)

    def _take(self, values: np.ndarray) -> np.ndarray:
        """Return checked input values flat and padded, with room made for what becomes of them."""
        check_input(self, values, self.input_shape, "input values")
        self._entries = values.shape[-1]
        self._reserve(padded(self._entries))
        return as_stored(converted(pad_histories(values), self.stored_dtype).reshape(-1))

    def _take_signals(self, signals: np.ndarray) -> np.ndarray:
        """Return checked output signals flat and padded."""
        check_signals(self, signals)
        self._signals = converted(pad_histories(signals), self.stored_dtype)
        return as_stored(self._signals.reshape(-1))

    def _sent(self) -> np.ndarray:
        """Return the input signals (*input_shape, N)."""
        return self._input_signals[..., : self._entries]

    @property
    def values(self) -> np.ndarray:
        """Output values (*output_shape, N) of the last forward."""
        return self._values[..., : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*output_shape, N) in the last backward."""
        return self._signals[..., : self._entries]
