"""Losses between two classes, for outputs that each say how probable theirs is.

    l = -(w t log p + (1 - t) log(1 - p))               (Bishop 2006, equation 4.90, with w = 1)

w is the positive weight, which makes up for a rare class. Targets t lie in [0, 1]; label smoothing s
draws them to the middle, t (1 - s) + s / 2 (Szegedy et al. 2016, section 7, for two classes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nn.losses.base import ElementwiseLoss, check_fraction, check_positive
from nn.metrics import BinaryAccuracy, FalsePositiveRate, Metric, TruePositiveRate


@dataclass(frozen=True)
class _Binary(ElementwiseLoss):
    """What both forms have: their settings.

    Attributes
    ----------
    positive_weight
        How many times a positive target counts; the mean is still over all that counts in the mask,
        as PyTorch's is.
    label_smoothing
        In [0, 1): how far targets are drawn to 1/2.

    Raises
    ------
    ValueError
        When the weight is not positive or the smoothing outside [0, 1).
    """

    positive_weight: float = 1.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_positive(self, "positive_weight")
        check_fraction(self, "label_smoothing")

    def _shares(self, targets: np.ndarray, negatives: np.ndarray) -> np.ndarray:
        """Write 1 - t into `negatives` and return w t, which may be the targets themselves."""
        if self.label_smoothing:
            targets = targets * (1 - self.label_smoothing) + self.label_smoothing / 2
        np.subtract(1, targets, out=negatives)
        return targets if self.positive_weight == 1 else targets * self.positive_weight

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

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l' = ((1 - t) p - w t (1 - p)) / (p (1 - p))."""
        positives = self._shares(targets, slopes)
        epsilon = np.finfo(outputs.dtype).eps
        p = np.clip(outputs, epsilon, 1 - epsilon)
        losses = np.negative(p)
        np.log1p(losses, out=losses)
        losses *= slopes
        other = np.log(p)
        other *= positives
        losses += other
        slopes *= p
        np.subtract(1, p, out=other)
        slopes -= other * positives
        slopes *= p == outputs
        slopes /= p
        slopes /= other
        return np.negative(losses, out=losses)

    def metrics(self) -> list[Metric]:
        """Return the accuracy at p = 1/2 and two points of the ROC curve."""
        return [BinaryAccuracy(), TruePositiveRate(), FalsePositiveRate()]


@dataclass(frozen=True)
class BinaryCrossEntropyWithLogits(_Binary):
    """Binary cross-entropy of p = sigmoid(o), computed from o, so that it neither overflows nor saturates.

    l = w t (max(-o, 0) + tail) + (1 - t) (max(o, 0) + tail) with tail = log(1 + exp(-|o|)): no summand
    is negative, so none cancels another.
    """

    name = "binary_cross_entropy_with_logits"
    applies = "sigmoid"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l' = (1 - t) sigmoid(o) - w t sigmoid(-o), with sigmoid(o) = 1/2 + tanh(o / 2) / 2."""
        positives = self._shares(targets, slopes)
        losses = np.maximum(outputs, 0)
        losses *= slopes
        losses -= np.minimum(outputs, 0) * positives
        slopes += positives
        tail = np.abs(outputs)
        np.exp(np.negative(tail, out=tail), out=tail)
        np.log1p(tail, out=tail)
        tail *= slopes
        losses += tail
        np.tanh(np.multiply(outputs, 0.5, out=tail), out=tail)
        tail *= 0.5
        tail += 0.5
        slopes *= tail
        slopes -= positives
        return losses

    def prediction_range(self, lowest: float, highest: float, features: int) -> tuple[float, float]:
        """Return the probabilities of the lowest and the highest logit."""
        return _sigmoid(lowest), _sigmoid(highest)

    def metrics(self) -> list[Metric]:
        """Return the accuracy at the logit 0 and two points of the ROC curve."""
        return [BinaryAccuracy(threshold=0.0), TruePositiveRate(), FalsePositiveRate()]


def _sigmoid(logit: float) -> float:
    return 0.5 + 0.5 * math.tanh(logit / 2)
