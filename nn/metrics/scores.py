"""Metrics of scores: points and the area of the ROC curve (Fawcett 2006).

An output is a score: the higher, the more probably positive. Every score that occurs is a threshold: scores
that reach it count as positive. From the highest threshold to the lowest both rates rise,

    false positive rate = false positives / negatives        true positive rate = true positives / positives

No metric here depends on a threshold, so probabilities, logits and margins all serve. All scores are kept
until the reset: 17 bytes of each output that counts, in float64.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from nn.argument_checks import check_number, check_share
from nn.metrics.base import Metric, elementwise


def roc_curve(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rates, float64 (thresholds + 1,), rising from 0 to 1.

    Equal scores share one threshold, joined to the point before by a straight line.

    Parameters
    ----------
    scores, positive, weights
        The scores, whether each is of a positive, and their weights, (n,); there must be both kinds.
    """
    order = np.argsort(-scores, kind="stable")
    scores, positive, weights = scores[order], positive[order], weights[order]
    last = np.append(scores[1:] != scores[:-1], True)  # of all that have the same score
    rates = []
    for counted in (weights * ~positive, weights * positive):
        total = np.append(0.0, np.cumsum(counted)[last])
        rates.append(total / total[-1])
    return rates[0], rates[1]


class _Scores(Metric):
    """Collects scores.

    Parameters
    ----------
    boundary
        A target above it is positive: 0.5 for targets of 0 and 1, 0 for -1 and +1.

    Raises
    ------
    ValueError
        When the boundary is not a finite number.
    """

    def __init__(self, boundary: float = 0.5) -> None:
        self.boundary = check_number("metric of scores: boundary", boundary)
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self._batches: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> None:
        """Add a batch; see `Metric.add`."""
        scores, targets, counts = elementwise(outputs, targets, entries, mask)
        chosen = counts > 0
        self._batches.append((scores[chosen], targets[chosen] > self.boundary, counts[chosen].astype(float)))

    def value(self) -> float:
        """Return the metric; NaN without positives or negatives, or when a score is NaN."""
        false_rates, true_rates = self.curve()
        return float(self._read(false_rates, true_rates)) if false_rates.size else np.nan

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ROC curve of all batches.

        Returns
        -------
        ndarray, ndarray
            False and true positive rates, float64 (thresholds + 1,), rising from 0 to 1. Empty when
            there are not both positives and negatives, or a score is NaN.
        """
        nothing = np.empty(0)
        if not self._batches:
            return nothing, nothing
        scores, positive, weights = (np.concatenate(parts) for parts in zip(*self._batches, strict=True))
        if not weights[positive].size or not weights[~positive].size or np.isnan(scores).any():
            return nothing, nothing
        return roc_curve(scores, positive, weights)

    @abstractmethod
    def _read(self, false_rates: np.ndarray, true_rates: np.ndarray) -> float:
        """Return the metric from the curve."""


class _Point(_Scores):
    """One point of the curve.

    Parameters
    ----------
    at
        The rate at which the other is read, in [0, 1].
    boundary
        A target above it is positive.

    Raises
    ------
    ValueError
        When the rate is outside [0, 1], or the boundary not a finite number.
    """

    kind: str

    def __init__(self, at: float, boundary: float = 0.5) -> None:
        self.at = check_share(f"metric {self.kind}: at", at)
        super().__init__(boundary)
        self.name = f"{self.kind}_at_{at:g}"


class TruePositiveRate(_Point):
    """The highest true positive rate of a threshold whose false positive rate is at most `at`."""

    kind = "true_positive_rate"
    higher_is_better = True

    def __init__(self, at: float = 0.01, boundary: float = 0.5) -> None:
        super().__init__(at, boundary)

    def _read(self, false_rates: np.ndarray, true_rates: np.ndarray) -> float:
        return true_rates[false_rates <= self.at].max()


class FalsePositiveRate(_Point):
    """The lowest false positive rate of a threshold whose true positive rate is at least `at`."""

    kind = "false_positive_rate"
    higher_is_better = False

    def __init__(self, at: float = 0.99, boundary: float = 0.5) -> None:
        super().__init__(at, boundary)

    def _read(self, false_rates: np.ndarray, true_rates: np.ndarray) -> float:
        return false_rates[true_rates >= self.at].min()


class AreaUnderCurve(_Scores):
    """The area under the ROC curve: how often a positive has the higher score, equal ones counting half."""

    name = "area_under_curve"
    higher_is_better = True

    def _read(self, false_rates: np.ndarray, true_rates: np.ndarray) -> float:
        return float(np.trapezoid(true_rates, false_rates))
