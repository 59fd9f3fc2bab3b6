"""The slow half of learning: the second half of the decrease in log loss, and how long it takes.

The decrease is from the loss after the first step to a final threshold that all variants share. Its middle is
the geometric mean of the two; the slow half lasts from first crossing the middle to first crossing
the final threshold.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Self

import numpy as np


class LossThresholds(NamedTuple):
    """Losses between which the slow half lies.

    Attributes
    ----------
    half, final
        Where it begins and where it ends; half > final > 0.
    """

    half: float
    final: float

    @classmethod
    def between(cls, start: float, final: float) -> Self:
        """Put the middle half-way between two losses on a logarithmic scale.

        Raises
        ------
        ValueError
            Unless 0 < final < start, both finite.
        """
        if not 0 < final < start < math.inf:
            raise ValueError(
                f"the loss of the baseline went from {start:.4g} to {final:.4g}: it did not learn, so "
                "there is no slow half; give it more epochs or more images"
            )
        return cls(math.sqrt(start * final), float(final))


def crossing(epochs: np.ndarray, losses: np.ndarray, threshold: float) -> float:
    """Return the epoch at which the loss first fell to a threshold.

    Parameters
    ----------
    epochs
        Moments of the measurements, increasing, float64 (K,).
    losses
        Positive, float64 (K,); may be infinite or NaN where nothing could be measured.
    threshold
        A positive loss.

    Returns
    -------
    float
        Between two measurements log loss is taken as a straight line; infinite when the threshold was
        never reached, the first moment when the loss began below it.
    """
    below = np.flatnonzero(losses <= threshold)
    if not below.size:
        return math.inf
    last = int(below[0])
    if last == 0 or not np.isfinite(losses[last - 1]):
        return float(epochs[last])
    pair = slice(last - 1, last + 1)
    return float(np.interp(-math.log(threshold), -np.log(losses[pair]), epochs[pair]))


def slow_half(epochs: np.ndarray, losses: np.ndarray, thresholds: LossThresholds) -> float:
    """Return how many epochs the slow half took; infinite when the final threshold was never reached."""
    end = crossing(epochs, losses, thresholds.final)
    return end - crossing(epochs, losses, thresholds.half) if math.isfinite(end) else math.inf
