"""Weightless: what all networks without parameters have in common.

They move, compare, combine or bend values: their neurons have no connections of their own to learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.network import Network, check_dtype
from nn.history import padded
from nn.parameters import Parameters
from nn.shape import AnyShape, Shape, as_shape


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
        """Return what values and signals of both ends take; see `Network.history_bytes`."""
        numbers = 2 * (self.output_shape.size + self.input_shape.size)
        return numbers * padded(histories) * self.dtype.itemsize

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network; what it is given beside the shape is added by each family."""
        return {"family": self.family, "input_shape": str(self.input_shape)}


def image_shape(family: str, shape: AnyShape) -> Shape:
    """Return the shape of an image that a network takes.

    Raises
    ------
    ValueError
        Naming the network, when the shape is that of a sequence or a video.
    """
    checked = as_shape(shape)
    if not isinstance(checked, Shape):
        raise ValueError(f"{family}: takes images (height, width, channels), not {checked}")
    return checked


def pair(family: str, name: str, given: int | tuple[int, int], least: int = 1) -> tuple[int, int]:
    """Return (rows, columns) of an option that may be one number for both.

    Raises
    ------
    ValueError
        Naming the network and the option, when it is neither one nor two whole numbers, or below `least`.
    """
    both = (given, given) if isinstance(given, int) else tuple(given)
    if len(both) != 2 or not all(type(each) is int and each >= least for each in both):
        raise ValueError(f"{family}: {name} {given!r} must be one or two whole numbers of at least {least}")
    return both[0], both[1]
