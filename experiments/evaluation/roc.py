"""ROC: how well a score tells one sample from another, with its uncertainty."""

from __future__ import annotations

import numpy as np


def roc(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rates of false and of true positives at falling thresholds, each from 0 to 1.

    Equal scores are one step, which goes straight from one corner to the other: no order is made up.
    """
    scores = np.concatenate([positive, negative])
    order = np.argsort(-scores, kind="stable")
    hits = order < len(positive)
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true, false = np.cumsum(hits)[ends] / len(positive), np.cumsum(~hits)[ends] / len(negative)
    return np.append(0.0, false), np.append(0.0, true)


def area(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the area under the ROC: how often a positive has the higher score, ties counted half."""
    false, true = roc(positive, negative)
    return float(np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2))


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
