"""How weights and biases start. Every draw comes from the generator that is passed in."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import DTypeLike


class Initializer(Protocol):
    """Draws the weights of a layer whose neurons each have `fan_in` inputs and `fan_out` followers."""

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
        """Return weights of `shape` and `dtype`."""


def _uniform(shape: tuple[int, ...], limit: float, generator: np.random.Generator) -> np.ndarray:
    return generator.uniform(-limit, limit, shape)


@dataclass(frozen=True)
class Uniform:
    """Weights uniform in [-limit, limit]."""

    limit: float = 0.05
    name: ClassVar[str] = "uniform"

    def __call__(self, shape, fan_in, fan_out, *, generator, dtype=np.float32):  # type: ignore[no-untyped-def]
        """Return uniform weights; the fans do not matter."""
        return _uniform(shape, self.limit, generator).astype(dtype)


@dataclass(frozen=True)
class Normal:
    """Weights normal around zero."""

    deviation: float = 0.05
    name: ClassVar[str] = "normal"

    def __call__(self, shape, fan_in, fan_out, *, generator, dtype=np.float32):  # type: ignore[no-untyped-def]
        """Return normal weights; the fans do not matter."""
        return (self.deviation * generator.standard_normal(shape)).astype(dtype)


@dataclass(frozen=True)
class Glorot:
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010, equation 16)."""

    name: ClassVar[str] = "glorot"

    def __call__(self, shape, fan_in, fan_out, *, generator, dtype=np.float32):  # type: ignore[no-untyped-def]
        """Return weights in ±sqrt(6 / (fan_in + fan_out))."""
        return _uniform(shape, math.sqrt(6 / (fan_in + fan_out)), generator).astype(dtype)


@dataclass(frozen=True)
class He:
    """Uniform with variance 2 / fan_in, for rectifiers (He et al. 2015, equation 10)."""

    name: ClassVar[str] = "he"

    def __call__(self, shape, fan_in, fan_out, *, generator, dtype=np.float32):  # type: ignore[no-untyped-def]
        """Return weights in ±sqrt(6 / fan_in)."""
        return _uniform(shape, math.sqrt(6 / fan_in), generator).astype(dtype)


@dataclass(frozen=True)
class Orthogonal:
    """Rows (or columns) of unit length at right angles (Saxe et al. 2014, section 3).

    The array is taken as a matrix of its last axis by all others; weights of different neurons
    are orthogonal where there are no more neurons than inputs.
    """

    name: ClassVar[str] = "orthogonal"

    def __call__(self, shape, fan_in, fan_out, *, generator, dtype=np.float32):  # type: ignore[no-untyped-def]
        """Return an orthogonal matrix from the QR decomposition of a normal one."""
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q *= np.sign(np.diag(r))
        return np.reshape(q if rows >= columns else q.T, shape).astype(dtype)


@dataclass(frozen=True)
class BiasInitializer:
    """Biases normal around `mean` with standard deviation `spread`."""

    mean: float = 0.0
    spread: float = 0.0

    def __call__(
        self, shape: tuple[int, ...], *, generator: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Return biases of `shape` and `dtype`."""
        return (self.mean + self.spread * generator.standard_normal(shape)).astype(dtype)


INITIALIZERS: dict[str, type] = {kind.name: kind for kind in (Uniform, Normal, Glorot, He, Orthogonal)}


def initializer_by_name(name: str) -> Initializer:
    """Return an initializer with its usual settings.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest.
    """
    if name not in INITIALIZERS:
        near = difflib.get_close_matches(name, INITIALIZERS, n=1) or [", ".join(INITIALIZERS)]
        raise ValueError(f"unknown initializer {name!r}; did you mean {near[0]}?")
    return INITIALIZERS[name]()
