"""Reshape: the same values as an image, sequence or video of another shape.

    value[k] = input[k], and signal[k] of the input = signal[k] of the output

in flat order, the order in which the values of one entry lie in memory: the last side (channels, features)
runs fastest. Both directions return views where the given array is contiguous; no rung can be faster than
that, so one class serves all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals
from networks.base.configuration import Fields
from networks.base.weightless import Weightless
from networks.base.wiring import NeuronLayer, OneToOne
from nn.bfloat16_arrays import converted
from nn.shape import AnyShape, ShapeLike, as_shape, layer_shape


class Reshape(Weightless):
    """Gives values another shape.

    Parameters
    ----------
    input_shape, output_shape
        Shapes with the same number of values; a number of units stands for 1 x 1 x units.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the shapes hold different numbers of values; the message names both.
    """

    family = "reshape"
    stores_halves = True

    def __init__(
        self, input_shape: AnyShape, output_shape: ShapeLike, *, dtype: DTypeLike = np.float32
    ) -> None:
        super().__init__(input_shape, layer_shape(f"{self.family}: output_shape", output_shape), dtype)
        given, wanted = self.input_shape, self.output_shape
        if given.size != wanted.size:
            raise ValueError(
                f"{self.family}: {given} has {given.size} values, {wanted} has {wanted.size}: give as many"
            )

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return input values (*input_shape, N) as (*output_shape, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._values = converted(values, self.stored_dtype).reshape(*self.output_shape, -1)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return output signals (*output_shape, N) as (*input_shape, N)."""
        check_signals(self, signals)
        self._signals = converted(signals, self.stored_dtype)
        return self._signals.reshape(*self.input_shape, -1)

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the inputs."""
        return input_range

    def history_bytes(self, histories: int) -> int:
        """Return nothing: views take no memory."""
        return 0

    def forward_bytes(self, histories: int) -> int:
        """Return nothing: views take no memory."""
        return 0

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return {**super().to_configuration(), "output_shape": str(self.output_shape)}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {"output_shape": fields.shape("output_shape")}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        return [self._neuron_layer(OneToOne(self.output_shape.size))]


class Flatten(Reshape):
    """Gives values the shape (1, 1, their number); see `Reshape`.

    Parameters
    ----------
    input_shape
        Any.
    dtype
        float32 or float64.
    """

    family = "flatten"

    def __init__(self, input_shape: AnyShape, *, dtype: DTypeLike = np.float32) -> None:
        flat = as_shape((1, 1, as_shape(input_shape).size))
        super().__init__(input_shape, output_shape=flat, dtype=dtype)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return Weightless.to_configuration(self)

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {}
