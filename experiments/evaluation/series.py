"""Marginals, and how steps and variables of series go together: distances, 0 where nothing differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments.evaluation.entries import as_pair, as_vectors, check_same_shape
from experiments.evaluation.uncertainty import jackknife

MOST_LAGS = 20

Measure = Callable[[np.ndarray, np.ndarray], float]
"""Compares real entries with synthetic ones."""


class Difference(NamedTuple):
    """A distance with its standard error."""

    value: float
    standard_error: float


def with_error(
    measure: Measure, real: np.ndarray, synthetic: np.ndarray, *, generator: np.random.Generator
) -> Difference:
    """Return what a measure finds, and its standard error by a jackknife whose groups `generator` makes."""
    error = jackknife(
        lambda rows: measure(real[rows[0]], synthetic[rows[1]]),
        (len(real), len(synthetic)),
        generator=generator,
    )
    return Difference(measure(real, synthetic), error)


def marginal_distance(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Return the mean over an entry's numbers of the 1-Wasserstein distance, in real standard deviations.

        W_k = integral |F_k(x) - G_k(x)| dx / s_k

    A number that is the same in all real entries has no scale: it is measured in the mean standard deviation.
    """
    one, other = as_pair(real, synthetic)
    scales = one.std(axis=0)
    known = scales > 1e-9 * np.abs(one).max(axis=0, initial=1e-300)
    if not known.any():
        raise ValueError("real: all entries are equal, so marginals have no scale")
    scales = np.where(known, scales, scales[known].mean())
    return float(np.mean(_wasserstein(one, other) / scales))


def _wasserstein(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the 1-Wasserstein distances of columns, (d,)."""
    both = np.concatenate([one, other])
    order = np.argsort(both, axis=0, kind="stable")
    widths = np.diff(np.take_along_axis(both, order, axis=0), axis=0)
    first = order < len(one)
    below = np.cumsum(first, axis=0)[:-1] / len(one) - np.cumsum(~first, axis=0)[:-1] / len(other)
    distances: np.ndarray = np.sum(np.abs(below) * widths, axis=0)
    return distances


def autocorrelations(series: np.ndarray, lags: int) -> np.ndarray:
    """Return how variables (n, T, variables) correlate with themselves some steps later, (lags, variables).

    Means and variances are over all entries and steps, so that levels that differ between entries count.
    """
    centred, variances = _centred(series)
    found = [np.mean(centred[:, lag:] * centred[:, :-lag], axis=(0, 1)) for lag in range(1, lags + 1)]
    return np.stack(found) / variances


def autocorrelation_distance(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Return the mean absolute difference of autocorrelations: lags to half of the steps, at most 20."""
    one, other = _as_series(real, synthetic)
    lags = max(1, min(MOST_LAGS, one.shape[1] // 2))
    return float(np.mean(np.abs(autocorrelations(one, lags) - autocorrelations(other, lags))))


def cross_correlations(series: np.ndarray) -> np.ndarray:
    """Return the correlations of variables at the same step, (variables, variables)."""
    centred, variances = _centred(series)
    deviations = np.sqrt(variances)
    products = np.einsum("ntv,ntw->vw", centred, centred) / (centred.shape[0] * centred.shape[1])
    correlations: np.ndarray = products / np.outer(deviations, deviations)
    return correlations


def cross_correlation_distance(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Return the mean absolute difference of correlations over all pairs of variables; 0 without one."""
    one, other = _as_series(real, synthetic)
    pairs = np.triu_indices(one.shape[2], 1)
    if not len(pairs[0]):
        return 0.0
    return float(np.mean(np.abs(cross_correlations(one) - cross_correlations(other))[pairs]))


def _as_series(real: np.ndarray, synthetic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    check_same_shape(real, synthetic)
    if np.ndim(real) != 3 or real.shape[1] < 2:
        raise ValueError(
            f"real: shape {np.shape(real)}: series are (n, steps, variables) with two steps or more"
        )
    one, other = (as_vectors(each, what) for each, what in ((real, "real"), (synthetic, "synthetic")))
    return one.reshape(real.shape), other.reshape(synthetic.shape)


def _centred(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return series around the means of variables, and variances: infinite of what is constant."""
    centred = series - series.mean(axis=(0, 1))
    variances = np.mean(centred**2, axis=(0, 1))
    scale = np.abs(series).max(axis=(0, 1))
    return centred, np.where(variances > (1e-9 * scale) ** 2, variances, np.inf)
