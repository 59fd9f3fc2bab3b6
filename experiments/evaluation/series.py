"""Marginals, and how steps and variables of series go together: distances, 0 where nothing differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments.evaluation.entries import checked_pair
from experiments.evaluation.lengths import Masks
from experiments.evaluation.uncertainty import jackknife

MOST_LAGS = 20

Measure = Callable[[np.ndarray, np.ndarray, Masks | None], float]
"""Compares real entries with synthetic ones, of which masks say which steps there are."""


class Difference(NamedTuple):
    """A distance with its standard error."""

    value: float
    standard_error: float


def with_error(
    measure: Measure,
    real: np.ndarray,
    synthetic: np.ndarray,
    masks: Masks | None = None,
    *,
    generator: np.random.Generator,
) -> Difference:
    """Return what a measure finds, and its standard error by a jackknife whose groups `generator` makes."""

    def part(rows: list[np.ndarray]) -> float:
        there = None if masks is None else (masks[0][rows[0]], masks[1][rows[1]])
        return measure(real[rows[0]], synthetic[rows[1]], there)

    error = jackknife(part, (len(real), len(synthetic)), generator=generator)
    return Difference(measure(real, synthetic, masks), error)


def marginal_distance(real: np.ndarray, synthetic: np.ndarray, masks: Masks | None = None) -> float:
    """Return the mean over an entry's numbers of the 1-Wasserstein distance, in real standard deviations.

        W_k = integral |F_k(x) - G_k(x)| dx / s_k

    A number that is the same in all real entries has no scale: it is measured in the mean standard deviation.
    With masks, a step is compared among the series that have it, and left out where fewer than two have it on
    either side.
    """
    one, other = checked_pair(real, synthetic)
    steps = [(one, other)] if masks is None else _common_steps(one, other, masks)
    found = [_marginals(*each) for each in steps]
    distances, scales, known = (np.concatenate([each[i] for each in found]) for i in range(3))
    if not known.any():
        raise ValueError("real: all entries are equal, so marginals have no scale")
    return float(np.mean(distances / np.where(known, scales, scales[known].mean())))


def _common_steps(one: np.ndarray, other: np.ndarray, masks: Masks) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the entries that have a step, (n, variables) and (m, variables), where both have it."""
    pairs = [(one[masks[0][:, step], step], other[masks[1][:, step], step]) for step in range(one.shape[1])]
    return [each for each in pairs if min(map(len, each)) > 1]


def _marginals(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distances of columns, real deviations, and where those are above rounding, (d,) each."""
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    scales = one.std(axis=0)
    return _wasserstein(one, other), scales, scales > 1e-9 * np.abs(one).max(axis=0, initial=1e-300)


def _wasserstein(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the 1-Wasserstein distances of columns, (d,)."""
    both = np.concatenate([one, other])
    order = np.argsort(both, axis=0, kind="stable")
    widths = np.diff(np.take_along_axis(both, order, axis=0), axis=0)
    first = order < len(one)
    below = np.cumsum(first, axis=0)[:-1] / len(one) - np.cumsum(~first, axis=0)[:-1] / len(other)
    distances: np.ndarray = np.sum(np.abs(below) * widths, axis=0)
    return distances


def autocorrelations(series: np.ndarray, lags: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Return how variables (n, T, variables) correlate with themselves some steps later, (lags, variables).

    Means and variances are over all entries and steps, so that levels that differ between entries count. With
    a mask (n, T), they are over the steps there are, and 0 at a lag that no series is long enough for.
    """
    mask = _all_there(series) if mask is None else mask
    centred, variances = _centred(series, mask)
    found = []
    for lag in range(1, lags + 1):
        pairs = max(1, np.count_nonzero(mask[:, lag:] & mask[:, :-lag]))
        found.append(np.einsum("ntv,ntv->v", centred[:, lag:], centred[:, :-lag]) / pairs)
    return np.stack(found) / variances


def autocorrelation_distance(real: np.ndarray, synthetic: np.ndarray, masks: Masks | None = None) -> float:
    """Return the mean absolute difference of autocorrelations: lags to half of the steps, at most 20."""
    one, other = _as_series(real, synthetic)
    there = masks or (None, None)
    lags = max(1, min(MOST_LAGS, one.shape[1] // 2))
    found = [autocorrelations(each, lags, mask) for each, mask in zip((one, other), there, strict=True)]
    return float(np.mean(np.abs(found[0] - found[1])))


def cross_correlations(series: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Return the correlations of variables at the same step, (variables, variables)."""
    mask = _all_there(series) if mask is None else mask
    centred, variances = _centred(series, mask)
    deviations = np.sqrt(variances)
    products = np.einsum("ntv,ntw->vw", centred, centred) / np.count_nonzero(mask)
    correlations: np.ndarray = products / np.outer(deviations, deviations)
    return correlations


def cross_correlation_distance(real: np.ndarray, synthetic: np.ndarray, masks: Masks | None = None) -> float:
    """Return the mean absolute difference of correlations over all pairs of variables; 0 without one."""
    one, other = _as_series(real, synthetic)
    pairs = np.triu_indices(one.shape[2], 1)
    if not len(pairs[0]):
        return 0.0
    there = masks or (None, None)
    found = [cross_correlations(each, mask) for each, mask in zip((one, other), there, strict=True)]
    return float(np.mean(np.abs(found[0] - found[1])[pairs]))


def _as_series(real: np.ndarray, synthetic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    one, other = checked_pair(real, synthetic)
    if one.ndim != 3 or one.shape[1] < 2:
        raise ValueError(
            f"real: shape {np.shape(real)}: series are (n, steps, variables) with two steps or more"
        )
    return one, other


def _all_there(series: np.ndarray) -> np.ndarray:
    return np.ones(series.shape[:2], bool)


def _centred(series: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return series around the means of variables, 0 beyond the end, and variances: infinite of constants."""
    steps = series[mask]
    centred = np.where(mask[..., None], series - steps.mean(axis=0), 0)
    variances = steps.var(axis=0)
    scale = np.abs(steps).max(axis=0)
    return centred, np.where(variances > (1e-9 * scale) ** 2, variances, np.inf)
