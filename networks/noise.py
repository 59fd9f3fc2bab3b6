"""Noise, plain: the reference. Layers that add noise to values while training, and only then.

Dropout sets each value to zero with probability `rate` and scales the others, so that the mean stays the
same:

    output  = value * kept / (1 - rate)         signal of the input = signal * kept / (1 - rate)

(Srivastava et al. 2014, "Dropout", section 4, with the scaling moved from inference to training.)
GaussianNoise adds normal numbers (Bishop 1995, "Training with noise is equivalent to Tikhonov
regularization"):

    output  = value + deviation * normal        signal of the input = signal

Every forward in training draws one number of 64 bits from the network's generator, the key. All random bits
for the values are expanded from it: neuron i of entry n takes number n * neurons + i of the SplitMix64
sequence that begins at the key (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
generators", with variant 13 of Stafford's mixing functions). So an entry gets the same noise on every rung,
in both dtypes, with any number of threads, and however many entries the batch has or is padded to; and
backward repeats the draws instead of keeping them.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals
from networks.base.configuration import Fields
from networks.base.weightless import Weightless
from networks.base.wiring import NeuronLayer, OneToOne
from nn.argument_checks import check_below_one, check_generator, check_not_negative
from nn.shape import AnyShape

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def expand(key: np.uint64, neurons: int, histories: int) -> np.ndarray:
    """Return 64 random bits for every value: uint64 (neurons, histories), SplitMix64 from a key."""
    numbers = np.arange(1, neurons * histories + 1, dtype=np.uint64).reshape(histories, neurons).T
    bits = key + numbers * GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND
    return bits ^ (bits >> np.uint64(31))


def normal(bits: np.ndarray) -> np.ndarray:
    """Return a normal number, float64, for 64 bits each (Box and Muller 1958).

    The radius takes the upper 24 bits and the angle the next 24, as many as float32 holds exactly; so
    no number is further out than 5.8 deviations.
    """
    radius = np.sqrt(-2 * np.log(((bits >> np.uint64(40)) + 1.0) / 2**24))
    turns = ((bits >> np.uint64(16)) & np.uint64(2**24 - 1)) / 2**24
    return radius * np.cos(2 * np.pi * turns)


class Noise(Weightless):
    """The base of both: a generator, and a key while training.

    Parameters
    ----------
    input_shape
        Of the values and the outputs.
    generator
        Source of the keys, one of 64 bits for each forward in training; see `generators`.
    dtype
        float32 or float64.
    """

    def __init__(self, input_shape: AnyShape, generator: np.random.Generator, dtype: DTypeLike) -> None:
        super().__init__(input_shape, input_shape, dtype)
        self.generator = check_generator(generator)
        self._key: np.uint64 | None = None

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (*shape, N): themselves except while training."""
        check_input(self, values, self.input_shape, "input values")
        self._key = self.generator.integers(2**64, dtype=np.uint64) if training else None
        self._values = values if self._key is None else self._disturb(values, self._key)
        return self._values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*shape, N); there are no parameters."""
        check_signals(self, signals)
        self._signals = signals
        return signals if self._key is None else self._propagate(signals, self._key)

    @abstractmethod
    def _disturb(self, values: np.ndarray, key: np.uint64) -> np.ndarray:
        """Return the outputs with the noise of a key."""

    @abstractmethod
    def _propagate(self, signals: np.ndarray, key: np.uint64) -> np.ndarray:
        """Return the input signals through the noise of a key."""

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """The source of the keys, called "noise"."""
        return {"noise": self.generator}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        return [self._neuron_layer(OneToOne(self.output_shape.size))]


class Dropout(Noise):
    """Sets values to zero at random while training.

    Parameters
    ----------
    input_shape
        Of the values and the outputs.
    rate
        Probability that a value is dropped, at least 0 and below 1.
    generator
        Source of the keys; see `Noise`.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the rate is out of range.
    """

    family = "dropout"

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        rate: float,
        generator: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> None:
        check_below_one(f"{self.family}: rate", rate)
        super().__init__(input_shape, generator, dtype)
        self.rate = rate
        self._threshold = np.uint64(int(rate * 2**64))
        self._scale = self.dtype.type(1 / (1 - rate))

    def _disturb(self, values: np.ndarray, key: np.uint64) -> np.ndarray:
        kept = expand(key, self.input_shape.size, values.shape[-1]) >= self._threshold
        return values * (kept * self._scale).reshape(values.shape)

    def _propagate(self, signals: np.ndarray, key: np.uint64) -> np.ndarray:
        return self._disturb(signals, key)

    def output_range(self, input_range: tuple[float, float] = (-math.inf, math.inf)) -> tuple[float, float]:
        """Return the range that values of a range, scaled or dropped, can reach."""
        low, high = input_range
        if self.rate == 0:
            return low, high
        return min(0.0, low * float(self._scale)), max(0.0, high * float(self._scale))

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return {**super().to_configuration(), "rate": self.rate}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {"rate": fields.number("rate"), "generator": np.random.default_rng(0)}


class GaussianNoise(Noise):
    """Adds normal numbers of mean zero while training.

    Parameters
    ----------
    input_shape
        Of the values and the outputs.
    deviation
        Standard deviation of what is added, at least 0.
    generator
        Source of the keys; see `Noise`.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the deviation is negative or infinite.
    """

    family = "gaussian_noise"

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        deviation: float,
        generator: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> None:
        check_not_negative(f"{self.family}: deviation", deviation)
        super().__init__(input_shape, generator, dtype)
        self.deviation = deviation

    def _disturb(self, values: np.ndarray, key: np.uint64) -> np.ndarray:
        numbers = normal(expand(key, self.input_shape.size, values.shape[-1])).astype(self.dtype)
        return values + self.dtype.type(self.deviation) * numbers.reshape(values.shape)

    def _propagate(self, signals: np.ndarray, key: np.uint64) -> np.ndarray:
        return signals

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return {**super().to_configuration(), "deviation": self.deviation}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {"deviation": fields.number("deviation"), "generator": np.random.default_rng(0)}
