"""How weights and biases start. Every draw comes from the generator that is passed in."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from nn.argument_checks import check_generator, check_not_negative, check_number
from nn.lookup import look_up


class Initializer(ABC):
    """Draws the weights of a layer whose neurons each have `fan_in` inputs and `fan_out` followers.

    Attributes
    ----------
    name
        What configurations call it.
    """

    name: ClassVar[str]

    def __call__(
        self,
        shape: tuple[int, ...],
        fan_in: int,
        fan_out: int,
        *,
        generator: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> np.ndarray:
        """Draw weights.

        Parameters
        ----------
        shape
            Shape of the result; its last axis runs over the inputs of one neuron (of a transposed
            convolution, over what one input writes to).
        fan_in, fan_out
            Connections into one neuron, and out of one input; at least 1.
        generator
            Source of the draws; float32 and float64 weights are the same draws, rounded.
        dtype
            float32 or float64.

        Returns
        -------
        ndarray
            Weights of `shape` and `dtype`.

        Raises
        ------
        ValueError
            When the generator is not one, or a weight is too large for the dtype.
        """
        check_generator(generator)
        return _stored(f"initializer {self.name}", self._draw(shape, fan_in, fan_out, generator), dtype)

    @abstractmethod
    def _draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Return float64 weights of `shape`."""


@dataclass(frozen=True)
class Uniform(Initializer):
    """Weights uniform in [-limit, limit], for any fans.

    Raises
    ------
    ValueError
        When the limit is not a finite number of at least 0.
    """

    limit: float = 0.05
    name: ClassVar[str] = "uniform"

    def __post_init__(self) -> None:
        check_not_negative(f"initializer {self.name}: limit", self.limit)

    def _draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> np.ndarray:
        return generator.uniform(-self.limit, self.limit, shape)


@dataclass(frozen=True)
class Normal(Initializer):
    """Weights normal around zero with standard deviation `deviation`, for any fans.

    Raises
    ------
    ValueError
        When the deviation is not a finite number of at least 0.
    """

    deviation: float = 0.05
    name: ClassVar[str] = "normal"

    def __post_init__(self) -> None:
        check_not_negative(f"initializer {self.name}: deviation", self.deviation)

    def _draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> np.ndarray:
        return generator.normal(0, self.deviation, shape)


@dataclass(frozen=True)
class Glorot(Initializer):
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010, equation 16)."""

    name: ClassVar[str] = "glorot"

    def _draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> np.ndarray:
        limit = math.sqrt(6 / (fan_in + fan_out))
        return generator.uniform(-limit, limit, shape)


@dataclass(frozen=True)
class He(Initializer):
    """Uniform with variance 2 / fan_in, for rectifiers (He et al. 2015, equation 10)."""

    name: ClassVar[str] = "he"

    def _draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> np.ndarray:
        limit = math.sqrt(6 / fan_in)
        return generator.uniform(-limit, limit, shape)


@dataclass(frozen=True)
class Zeros(Initializer):
    """Zeros, for networks whose parameters come from elsewhere. A layer cannot learn from them."""

    name: ClassVar[str] = "zeros"

    def _draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> np.ndarray:
        return np.zeros(shape)


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Rows (or columns) of unit length at right angles (Saxe et al. 2014, section 3).

    The array is taken as a matrix of all other axes by its last: the weights of different neurons
    are orthogonal where there are no more neurons than inputs, those of different inputs otherwise.
    """

    name: ClassVar[str] = "orthogonal"

    def _draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> np.ndarray:
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q *= np.sign(np.diag(r))  # makes the decomposition unique, and the draw uniform (Mezzadri 2007)
        return np.reshape(q if rows >= columns else q.T, shape)


@dataclass(frozen=True)
class BiasInitializer:
    """Biases normal around `mean` with standard deviation `spread`.

    Raises
    ------
    ValueError
        When the mean is not a finite number, or the spread is not one of at least 0.
    """

    mean: float = 0.0
    spread: float = 0.0

    def __post_init__(self) -> None:
        check_number("bias mean", self.mean)
        check_not_negative("bias spread", self.spread)

    def __call__(
        self, shape: tuple[int, ...], *, generator: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Draw biases.

        Parameters
        ----------
        shape
            Shape of the result.
        generator
            Source of the draws.
        dtype
            float32 or float64.

        Returns
        -------
        ndarray
            Biases of `shape` and `dtype`.

        Raises
        ------
        ValueError
            When the generator is not one, or a bias is too large for the dtype.
        """
        check_generator(generator)
        return _stored("bias", generator.normal(self.mean, self.spread, shape), dtype)


def _stored(what: str, drawn: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """Return draws in a dtype, or raise a ValueError when it cannot hold them."""
    largest = max(drawn.max(initial=0), -drawn.min(initial=0))
    if not largest <= np.finfo(dtype).max:
        raise ValueError(f"{what}: a start of {largest:g} is too large for {np.dtype(dtype)}")
    return drawn.astype(dtype)


INITIALIZERS: dict[str, type[Initializer]] = {
    kind.name: kind for kind in (Uniform, Normal, Glorot, He, Orthogonal)
}


def initializer_by_name(name: str) -> Initializer:
    """Return an initializer with its usual settings.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest.
    """
    return look_up(INITIALIZERS, name, "initializer")()
