"""Merge, plain: the reference. Networks that make one image out of several.

    concatenate   value[..., c] = input k's value[..., c - the channels before it]
    add           value = sum over k of input k
    multiply      value = product over k of input k

and backwards, with signal = dLoss / d value:

    concatenate   signal of input k = its own channels of the signal
    add           signal of input k = signal
    multiply      signal of input k = signal * product over the others

(Concatenation: Huang et al. 2017, "Densely connected convolutional networks", equation 2. Addition: He et
al. 2016, "Deep residual learning", equation 1. Products, the pi units of sigma-pi units: Rumelhart, Hinton
and McClelland 1986, "A general framework for parallel distributed processing".)

The signals of a concatenation and an addition are views of the signals given to `backward`, on every rung.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals
from networks.base.configuration import Fields
from networks.base.weightless import Weightless
from networks.base.wiring import Listed, NeuronLayer
from nn.history import padded
from nn.shape import AnyShape, as_shape, features_of


class Merge(Weightless):
    """A network with several inputs.

    Parameters
    ----------
    input_shapes
        Shapes of the inputs, at least two.
    dtype
        float32 or float64.

    Attributes
    ----------
    input_shapes
        As given; `input_shape` is the first of them.

    Raises
    ------
    ValueError
        When there are fewer than two inputs, or their shapes do not fit each other; the message names
        both.
    """

    def __init__(self, input_shapes: Sequence[AnyShape], *, dtype: DTypeLike = np.float32) -> None:
        if len(input_shapes) < 2:
            raise ValueError(f"{self.family}: give at least two inputs")
        self.input_shapes = tuple(as_shape(shape) for shape in input_shapes)
        super().__init__(self.input_shapes[0], self._merged(), dtype)
        self._inputs: list[np.ndarray] = []

    def _merged(self) -> AnyShape:
        """Return the shape of the output: that of every input, where they are merged element by element."""
        first, *others = self.input_shapes
        for other in others:
            if other != first:
                raise ValueError(f"{self.family}: the inputs have different shapes, {first} and {other}")
        return first

    @abstractmethod
    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the output values (*output_shape, N), given the values of every input."""

    @abstractmethod
    def backward(  # type: ignore[override]
        self, signals: np.ndarray, learning_rate: float | None = None
    ) -> list[np.ndarray]:
        """Return the signals of every input, given output signals (*output_shape, N)."""

    def _take(self, values: Sequence[np.ndarray]) -> None:
        """Check the shapes of the input values, and keep them."""
        if isinstance(values, np.ndarray) or len(values) != len(self.input_shapes):
            given = "one array" if isinstance(values, np.ndarray) else f"{len(values)} arrays"
            raise ValueError(f"{self.family}: takes {len(self.input_shapes)} arrays of values, not {given}")
        for number, (array, shape) in enumerate(zip(values, self.input_shapes, strict=True)):
            check_input(self, array, shape, f"values of input {number}")
        histories = [array.shape[-1] for array in values]
        if len(set(histories)) > 1:
            raise ValueError(f"{self.family}: the inputs have {', '.join(map(str, histories))} histories")
        self._inputs = list(values)

    @abstractmethod
    def output_range(self, input_range: Sequence[Any] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the lowest and highest value of the outputs.

        Parameters
        ----------
        input_range
            Lowest and highest value of all inputs, or a sequence of such pairs, one for each.
        """

    def _ranges(self, input_range: Sequence[Any]) -> np.ndarray:
        """Return lowest and highest value of every input, (inputs, 2)."""
        return np.broadcast_to(np.asarray(input_range, np.float64), (len(self.input_shapes), 2))

    def history_bytes(self, histories: int) -> int:
        """Return the memory for values and signals of inputs and output; see `Network.history_bytes`."""
        numbers = 2 * (self.output_shape.size + sum(shape.size for shape in self.input_shapes))
        return numbers * padded(histories) * self.dtype.itemsize

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return {"family": self.family, "input_shapes": [str(shape) for shape in self.input_shapes]}

    @classmethod
    def _input_shape(cls, fields: Fields) -> list[AnyShape]:
        return fields.shapes("input_shapes")

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        size, count = self.output_shape.size, len(self.input_shapes)
        sources = np.arange(size)[:, None] + np.arange(count) * size
        return [self._neuron_layer(Listed(sources))]


class Concatenate(Merge):
    """Puts the channels, or features, of its inputs side by side; see `Merge`."""

    family = "concatenate"

    def _merged(self) -> AnyShape:
        first, *others = self.input_shapes
        for other in others:
            if other[:-1] != first[:-1]:
                raise ValueError(f"concatenate: {first} and {other} differ in more than the last side")
        return as_shape((*first[:-1], sum(features_of(shape) for shape in self.input_shapes)))

    @property
    def _ends(self) -> list[int]:
        """Channels after which each input but the last ends."""
        return np.cumsum([features_of(shape) for shape in self.input_shapes])[:-1].tolist()

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the channels of all inputs (..., channels, N), one after the other."""
        self._take(values)
        self._values = np.concatenate(self._inputs, axis=-2)
        return self.values

    def backward(  # type: ignore[override]
        self, signals: np.ndarray, learning_rate: float | None = None
    ) -> list[np.ndarray]:
        """Return the part of the output signals (..., channels, N) that belongs to each input."""
        check_signals(self, signals)
        self._signals = signals
        return np.split(signals, self._ends, axis=-2)

    def output_range(self, input_range: Sequence[Any] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the lowest and highest value of the inputs; see `Merge.output_range`."""
        ranges = self._ranges(input_range)
        return float(ranges[:, 0].min()), float(ranges[:, 1].max())

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        first, total = (
            np.cumsum([0, *(features_of(shape) for shape in self.input_shapes)]),
            features_of(self.output_shape),
        )
        starts = np.cumsum([0, *(shape.size for shape in self.input_shapes)])
        position, channel = np.divmod(np.arange(self.output_shape.size), total)
        number = np.searchsorted(first, channel, side="right") - 1
        sources = starts[number] + position * np.diff(first)[number] + channel - first[number]
        return [self._neuron_layer(Listed(sources[:, None]))]


class Add(Merge):
    """Adds its inputs; see `Merge`."""

    family = "add"

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the sum of all inputs (*input_shape, N)."""
        self._take(values)
        self._values = np.sum(self._inputs, axis=0)
        return self.values

    def backward(  # type: ignore[override]
        self, signals: np.ndarray, learning_rate: float | None = None
    ) -> list[np.ndarray]:
        """Return the output signals (*output_shape, N) once for every input."""
        check_signals(self, signals)
        self._signals = signals
        return [signals] * len(self.input_shapes)

    def output_range(self, input_range: Sequence[Any] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the sums of the lowest and of the highest values; see `Merge.output_range`."""
        low, high = self._ranges(input_range).sum(axis=0)
        return float(low), float(high)


class Multiply(Merge):
    """Multiplies its inputs; see `Merge`."""

    family = "multiply"

    def forward(self, values: Sequence[np.ndarray], training: bool = False) -> np.ndarray:  # type: ignore[override]
        """Return the product of all inputs (*input_shape, N)."""
        self._take(values)
        self._values = np.prod(self._inputs, axis=0)
        return self.values

    def backward(  # type: ignore[override]
        self, signals: np.ndarray, learning_rate: float | None = None
    ) -> list[np.ndarray]:
        """Return, for every input, the output signals (*output_shape, N) times all other inputs."""
        check_signals(self, signals)
        self._signals = signals
        numbers = range(len(self._inputs))
        return [
            signals * np.prod([self._inputs[other] for other in numbers if other != number], axis=0)
            for number in numbers
        ]

    def output_range(self, input_range: Sequence[Any] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the lowest and highest product of values from the ranges; see `Merge.output_range`."""
        low, high = 1.0, 1.0
        for ends in self._ranges(input_range).tolist():
            products = [one * other if one and other else 0.0 for one in (low, high) for other in ends]
            low, high = min(products), max(products)
        return low, high
