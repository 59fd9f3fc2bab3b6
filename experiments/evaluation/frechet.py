"""Fréchet distance: of two normal distributions with the means and covariances of two samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.evaluation.entries import as_pair, as_vectors
from experiments.evaluation.uncertainty import jackknife

COMPONENTS = 64


class Distance(NamedTuple):
    """A Fréchet distance, and the numbers of entries that it is biased by."""

    value: float
    standard_error: float
    counts: tuple[int, int]
    features: int


def frechet_distance(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Return |m_1 - m_2|^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2)) of features (n, d) and (m, d).

    The eigenvalues of C_1 C_2 are those of the symmetric C_1^(1/2) C_2 C_1^(1/2), which are real, and never
    below 0 but for rounding: a matrix square root of the product itself comes out complex where a covariance
    lacks rank, as it does with fewer entries than features. It is biased upwards, the more so the fewer
    entries there are: compare it with that of as many real ones.

    References
    ----------
    Dowson and Landau (1982), The Fréchet distance between multivariate normal distributions, equation 4; as a
    score of generators Heusel et al. (2017), equation 6.
    """
    one, other = as_pair(real, synthetic)
    means = one.mean(axis=0), other.mean(axis=0)
    covariances = _covariance(one - means[0]), _covariance(other - means[1])
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    product = root @ covariances[1] @ root
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh((product + product.T) / 2), 0)).sum()
    apart = np.sum((means[0] - means[1]) ** 2)
    return float(max(0.0, apart + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * shared))


def _covariance(centred: np.ndarray) -> np.ndarray:
    covariance: np.ndarray = centred.T @ centred / (len(centred) - 1)
    return covariance


def in_components(real: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Return entries (n, ...) in the first principal components of the real ones, which come first."""
    sides = [as_vectors(real, "real"), *(as_vectors(each, "others") for each in others)]
    mean = sides[0].mean(axis=0)
    _, _, directions = np.linalg.svd(sides[0] - mean, full_matrices=False)
    kept = directions[:COMPONENTS].T
    return [(each - mean) @ kept for each in sides]


def measure_frechet(real: np.ndarray, synthetic: np.ndarray, *, generator: np.random.Generator) -> Distance:
    """Return the Fréchet distance with its standard error; `generator` makes the groups of the jackknife."""
    one, other = as_pair(real, synthetic)
    counts = len(one), len(other)
    error = jackknife(
        lambda rows: frechet_distance(one[rows[0]], other[rows[1]]), counts, generator=generator
    )
    return Distance(frechet_distance(one, other), error, counts, one.shape[1])
