"""The coefficient of determination, as scikit-learn's `r2_score` defines it."""

from __future__ import annotations

import math

import numpy as np

from networks.base.scikit_learn_conventions import warn


def r2_score(
    wanted: np.ndarray, found: np.ndarray, weights: np.ndarray | None = None, *, by_variance: bool = False
) -> float:
    """Return 1 - squared errors / squared distances from the mean: of every output, then averaged.

        R2_k = 1 - sum_n w_n (t_nk - o_nk)^2 / sum_n w_n (t_nk - mean_k)^2
        mean_k = sum_n w_n t_nk / sum_n w_n

    An output whose targets are all the same has 1 where every prediction is right and 0 otherwise.

    Parameters
    ----------
    wanted, found
        Targets and predictions, (N,) or (N, K).
    weights
        How much every entry counts, (N,); all alike by default.
    by_variance
        Whether outputs count in proportion to the variance of their targets, rather than all alike.

    Returns
    -------
    float
        NaN, with a warning, for a single entry.

    Raises
    ------
    ValueError
        When the numbers of entries or of outputs differ.
    """
    if len(wanted) != len(found):
        raise ValueError(f"{len(found)} entries, but {len(wanted)} targets")
    wanted, found = (each.astype(np.float64).reshape(len(each), -1) for each in (wanted, found))
    if wanted.shape != found.shape:
        raise ValueError(f"targets have shape {wanted.shape}, the predictions {found.shape}")
    if len(wanted) < 2:
        warn("R^2 score is not well-defined with less than two samples.", "UndefinedMetricWarning")
        return math.nan
    counts = np.ones((len(wanted), 1)) if weights is None else weights[:, None]
    errors = np.sum(counts * (wanted - found) ** 2, axis=0)
    spread = np.sum(counts * (wanted - np.average(wanted, axis=0, weights=weights)) ** 2, axis=0)
    shares = np.where(errors == 0, 1.0, 0.0)
    np.divide(errors, spread, out=(ratios := np.zeros_like(errors)), where=spread != 0)
    shares[spread != 0] = 1 - ratios[spread != 0]
    return float(np.average(shares, weights=spread if by_variance and spread.any() else None))
