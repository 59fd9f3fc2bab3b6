"""Entries as numbers along their principal components: smooth series stay smooth whatever these are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from nn import DataError
from nn.principal_components import principal_components

REACH = 0.8
"""Share of the generator's range that components of training entries fill: its ends are hard to draw."""

LARGEST = 4096
"""Most numbers of an entry: eigenvectors of larger ones take too long."""


@dataclass(frozen=True, eq=False)
class Components:
    """A shift, orthonormal directions and scales: `component = directions @ (entry - mean) / scales`.

    Attributes
    ----------
    mean
        Of the training entries, float64 (numbers of an entry,).
    directions
        float64 (components, numbers), those with the largest variance first.
    scales
        float64 (components,), above 0: the largest training component of each is 1.
    """

    mean: np.ndarray
    directions: np.ndarray
    scales: np.ndarray

    def __post_init__(self) -> None:
        count = len(self.scales) if self.scales.ndim == 1 else -1
        if self.mean.ndim != 1 or self.directions.shape != (count, len(self.mean)) or not count:
            raise ValueError(
                f"components: {self.directions.shape} directions and {self.scales.shape} scales do not fit "
                f"entries of {self.mean.shape}"
            )
        if not all(np.isfinite(each).all() for each in self.to_arrays().values()) or self.scales.min() <= 0:
            raise ValueError("components: numbers must be finite, and scales above 0")

    @classmethod
    def of(cls, training: np.ndarray, share: float) -> Self:
        """Return as many components as have this share of the variance of training entries (N, ...).

        Raises
        ------
        DataError
            When entries have too many numbers, or are all equal.
        """
        vectors = training.reshape(len(training), -1).astype(np.float64)
        if vectors.shape[1] > LARGEST:
            raise DataError(
                f"--components: entries have {vectors.shape[1]} numbers, and at most {LARGEST} are possible: "
                "make them smaller, or leave it out"
            )
        found = principal_components(vectors, vectors.shape[1], generator=np.random.default_rng(0))
        if not found.number:
            raise DataError("--components: all entries are equal: there is nothing to learn")
        explained = np.cumsum(found.variances) / found.variances.sum()
        count = min(1 + int(np.searchsorted(explained, share)), found.number)
        directions = np.ascontiguousarray(found.directions[:, :count].T)
        return cls(found.mean, directions, np.abs((vectors - found.mean) @ directions.T).max(axis=0))

    def __len__(self) -> int:
        return len(self.scales)

    def transform(self, entries: np.ndarray, low: float, high: float) -> np.ndarray:
        """Return entries (N, ...) as components, float32 (N, 1, components), in `REACH` of low to high."""
        vectors = entries.reshape(len(entries), -1) - self.mean
        components = vectors @ self.directions.T / self.scales
        middle, half = (low + high) / 2, REACH * (high - low) / 2
        return (middle + half * components)[:, None].astype(np.float32)

    def inverse(self, values: np.ndarray, low: float, high: float) -> np.ndarray:
        """Return the entries of components (N, 1, components), float32 (N, numbers), from low to high.

        What generated components lead beyond the range of the training entries is clipped to it.
        """
        middle, half = (low + high) / 2, REACH * (high - low) / 2
        components = (values[:, 0].astype(np.float64) - middle) / half
        return np.clip(components * self.scales @ self.directions + self.mean, low, high).astype(np.float32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return its arrays by name; `from_arrays` makes it again, the same to the bit."""
        return {"mean": self.mean, "directions": self.directions, "scales": self.scales}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Make one from what `to_arrays` returned.

        Raises
        ------
        KeyError, ValueError
            When that is not what these are.
        """
        return cls(*(arrays[name].astype(np.float64) for name in ("mean", "directions", "scales")))
