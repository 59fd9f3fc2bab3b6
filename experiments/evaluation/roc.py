"""ROC: how well a score tells one sample from another, with its uncertainty."""

from __future__ import annotations

import numpy as np

from nn.metrics.scores import roc_curve


def roc(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rates of false and of true positives at falling thresholds; see `roc_curve` of the metrics."""
    scores = np.concatenate([positive, negative])
    return roc_curve(scores, np.arange(len(scores)) < len(positive), np.ones(len(scores)))


def area(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the area under the ROC: how often a positive has the higher score, ties counted half."""
    false, true = roc(positive, negative)
    return float(np.trapezoid(true, false))


def area_error(auc: float, positive: int, negative: int) -> float:
    """Return the standard error of an area from so many entries.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143, equation 1.
    """
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positive - 1) * (first - auc**2) + (negative - 1) * (second - auc**2)
    return float(np.sqrt(max(0.0, variance) / (positive * negative)))


def true_rate(positive: np.ndarray, negative: np.ndarray, false_rate: float) -> float:
    """Return the largest rate of true positives at most `false_rate` of false ones come with."""
    false, true = roc(positive, negative)
    return float(true[false <= false_rate].max())
