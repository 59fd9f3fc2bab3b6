"""Losses between two classes, for outputs that are probabilities or logits of one of them.

    l = -(w t log p + (1 - t) log(1 - p))               (Bishop 2006, equation 4.90, with w = 1)

w is the positive weight, which compensates for a rare class. Targets t lie in [0, 1]; label smoothing s
moves them towards the middle, t (1 - s) + s / 2 (Szegedy et al. 2016, section 7, for two classes).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from nn.argument_checks import check_below_one, check_positive
from nn.losses.base import ElementwiseLoss
from nn.metrics import BinaryAccuracy, FalsePositiveRate, Metric, TruePositiveRate


@dataclass(frozen=True)
class _Binary(ElementwiseLoss):
    """The settings of both forms.

    Attributes
    ----------
    positive_weight
        Weight of a positive target; the mean still divides by the sum of the mask, as in PyTorch.
    label_smoothing
        In [0, 1): how far targets are moved towards 1/2.

    Raises
    ------
    ValueError
        When the weight is not positive or the smoothing outside [0, 1).
    """

    positive_weight: float = 1.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_positive(f"loss {self.name}: positive_weight", self.positive_weight)
        check_below_one(f"loss {self.name}: label_smoothing", self.label_smoothing)

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l of weight 1, and (w - 1) t times what l would be on t = 1; the derivatives alike."""
        if self.label_smoothing:
            targets = targets * (1 - self.label_smoothing) + self.label_smoothing / 2
        losses = self._unweighted(outputs, targets, slopes)
        if self.positive_weight != 1:
            more_slopes = np.empty_like(slopes)
            more = self._unweighted(outputs, np.ones(1, outputs.dtype), more_slopes)
            extra = targets * (self.positive_weight - 1)
            losses += np.multiply(more, extra, out=more)
            slopes += np.multiply(more_slopes, extra, out=more_slopes)
        return losses

    @abstractmethod
    def _unweighted(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Return the losses with a positive weight of 1, and write their derivatives; see `elements`."""

    def target_span(self, targets: np.ndarray, features: int) -> tuple[float, float] | None:
        """Return the lowest and highest probability, after smoothing."""
        keep, shift = 1 - self.label_smoothing, self.label_smoothing / 2
        return float(np.nanmin(targets)) * keep + shift, float(np.nanmax(targets)) * keep + shift


@dataclass(frozen=True)
class BinaryCrossEntropy(_Binary):
    """Binary cross-entropy of probabilities p = o.

    Probabilities are kept `epsilon` of their dtype away from 0 and 1, which bounds the loss. Beyond
    that the loss is flat and its slope 0, so an output that is wrong *and* saturated learns nothing
    more: train on logits where that can happen.
    """

    name = "binary_cross_entropy"
    output_range = (0.0, 1.0)

    def _unweighted(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l' = (p - t) / (p (1 - p))."""
        epsilon = np.finfo(outputs.dtype).eps
        p = np.clip(outputs, epsilon, 1 - epsilon)
        losses = -p
        np.log1p(losses, out=losses)
        losses *= np.subtract(1, targets, out=slopes)
        np.log(p, out=slopes)
        slopes *= targets
        losses += slopes
        np.subtract(p, targets, out=slopes)
        slopes *= p == outputs
        slopes /= p
        slopes /= np.subtract(1, p, out=p)
        return np.negative(losses, out=losses)

    def metrics(self) -> list[Metric]:
        """Return the accuracy at p = 1/2 and two points of the ROC curve."""
        return [BinaryAccuracy(), TruePositiveRate(), FalsePositiveRate()]


@dataclass(frozen=True)
class BinaryCrossEntropyWithLogits(_Binary):
    """Binary cross-entropy of p = sigmoid(o), computed from o, so that it neither overflows nor saturates.

    l = max(o, 0) - o t + log(1 + exp(-|o|)) where w = 1; at infinite o it is the limit, 0 or infinite.
    """

    name = "binary_cross_entropy_with_logits"
    applies = "sigmoid"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l and l' as above, and the limits of l where it would be infinity less infinity."""
        with np.errstate(invalid="ignore"):
            losses = super().elements(outputs, targets, slopes)
        if np.isnan(losses.sum()):
            smooth = targets * (1 - self.label_smoothing) + self.label_smoothing / 2
            wrong = np.where(outputs > 0, 1 - smooth, smooth)
            losses[np.isinf(outputs) & (wrong == 0)] = 0
            losses[np.isinf(outputs) & (wrong > 0)] = np.inf
        return losses

    def _unweighted(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l as above with max(o, 0) = (|o| + o) / 2, l' = sigmoid(o) - t = 1/2 + tanh(o / 2) / 2 - t."""
        losses = np.abs(outputs)
        np.exp(np.negative(losses, out=slopes), out=slopes)
        losses /= 2
        losses += np.log1p(slopes, out=slopes)
        np.subtract(0.5, targets, out=slopes)
        slopes *= outputs
        losses += slopes
        np.divide(outputs, 2, out=slopes)
        np.tanh(slopes, out=slopes)
        slopes /= 2
        slopes += 0.5
        slopes -= targets
        return losses

    def prediction_range(self, lowest: float, highest: float, features: int) -> tuple[float, float]:
        """Return the probabilities of the lowest and the highest logit."""
        return _sigmoid(lowest), _sigmoid(highest)

    def metrics(self) -> list[Metric]:
        """Return the accuracy at the logit 0 and two points of the ROC curve."""
        return [BinaryAccuracy(threshold=0.0), TruePositiveRate(), FalsePositiveRate()]


def _sigmoid(logit: float) -> float:
    return 0.5 + 0.5 * math.tanh(logit / 2)
