"""Metrics of numbers: how far outputs are from their targets."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field

import numpy as np

from nn.metrics.base import Metric, elementwise


class _MeanError(Metric):
    """A mean over all outputs that count."""

    higher_is_better = False

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self._sum = self._weight = 0.0

    def add(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> None:
        """Add a batch; see `Metric.add`."""
        outputs, targets, counts = elementwise(outputs, targets, entries, mask)
        chosen = counts != 0
        weights = counts[chosen].astype(np.float64)
        differences = np.subtract(outputs[chosen], targets[chosen], dtype=np.float64)
        errors = float((self._errors(differences) * weights).sum())
        self._sum += errors
        self._weight += float(weights.sum())

    def value(self) -> float:
        """Return the mean; NaN when nothing was counted."""
        return self._sum / self._weight if self._weight else math.nan

    @abstractmethod
    def _errors(self, differences: np.ndarray) -> np.ndarray:
        """Return the numbers to average, given differences (n,) in float64."""


class MeanAbsoluteError(_MeanError):
    """The mean of |o - t|."""

    name = "mean_absolute_error"

    def _errors(self, differences: np.ndarray) -> np.ndarray:
        return np.abs(differences)


class RootMeanSquaredError(_MeanError):
    """The root of the mean of (o - t)².

    Differences are scaled by a power of two near the largest before they are squared, so they neither vanish
    nor overflow.
    """

    name = "root_mean_squared_error"

    def reset(self) -> None:
        """Forget all batches."""
        super().reset()
        self._unit = 0.0

    def _errors(self, differences: np.ndarray) -> np.ndarray:
        largest = float(np.abs(differences).max(initial=0))
        if self._unit < largest < math.inf:
            unit = math.ldexp(1, math.frexp(largest)[1] - 1)
            self._sum *= (self._unit / unit) ** 2
            self._unit = unit
        return np.square(differences / (self._unit or 1.0))

    def value(self) -> float:
        """Return the root; NaN when nothing was counted."""
        return math.sqrt(super().value()) * (self._unit or 1.0)


class ExplainedVariance(Metric):
    """1 - variance of t - o / variance of t, both summed over the outputs.

    The variances are over the entries, so 0 is reached by each output's mean alone, and 1 by outputs
    that differ from the targets by a constant or not at all.
    """

    name = "explained_variance"
    higher_is_better = True

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self._errors = _Moments()
        self._targets = _Moments()

    def add(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> None:
        """Add a batch; see `Metric.add`."""
        outputs, targets, counts = elementwise(outputs, targets, entries, mask)
        outputs, targets = (
            np.where(counts != 0, values, 0).astype(np.float64) for values in (outputs, targets)
        )
        self._errors.add(targets - outputs, counts)
        self._targets.add(targets, counts)

    def value(self) -> float:
        """Return the share; NaN when nothing was counted or the targets do not vary."""
        variance = self._targets.squares.sum()
        return float(1 - self._errors.squares.sum() / variance) if variance else math.nan


@dataclass
class _Moments:
    """Means and summed squared deviations of every output, batch by batch (Chan et al. 1979, equation 2.1).

    Sums of squares minus squares of sums would cancel where the mean is much larger than the deviation. All
    are computed from distances to the first value that counts, so the deviation of constants is exactly zero.
    """

    origin: np.ndarray = field(default_factory=lambda: np.full((), np.nan))
    weight: np.ndarray = field(default_factory=lambda: np.zeros(()))
    mean: np.ndarray = field(default_factory=lambda: np.zeros(()))
    squares: np.ndarray = field(default_factory=lambda: np.zeros(()))

    def add(self, values: np.ndarray, counts: np.ndarray) -> None:
        """Take in values (..., N) with weights of the same shape."""
        weight = counts.sum(axis=-1, dtype=np.float64)
        first = np.take_along_axis(values, (counts != 0).argmax(axis=-1)[..., None], axis=-1)[..., 0]
        self.origin = np.where((self.weight == 0) & (weight != 0), first, self.origin)
        values = np.where(counts != 0, values - self.origin[..., None], 0)
        mean = (values * counts).sum(axis=-1) / np.where(weight, weight, 1)
        squares = (np.square(values - mean[..., None]) * counts).sum(axis=-1)
        together = self.weight + weight
        share = weight / np.where(together, together, 1)
        distance = mean - self.mean
        self.squares = self.squares + squares + np.square(distance) * self.weight * share
        self.mean = self.mean + distance * share
        self.weight = together
