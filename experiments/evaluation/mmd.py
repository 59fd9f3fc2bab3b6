"""Maximum mean discrepancy: how far apart samples lie in the feature space of a kernel, and a test of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.evaluation.entries import as_pair, as_vectors, squared_distances
from experiments.evaluation.uncertainty import jackknife

MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Bandwidths of the mixture, in median distances."""

PERMUTATIONS = 1000
LIMIT = 1000
"""Entries of each side that are compared: a kernel of 2,000 entries has 32 MB."""

BANDWIDTH_SHARE = 1 / 3
ROUNDING = 1e-12
"""Differences between statistics below which permutations count as ties."""


class Discrepancy(NamedTuple):
    """An MMD^2, what it would be by chance, and what it is made of."""

    value: float
    standard_error: float
    p_value: float
    chance: np.ndarray
    """The statistic of every permutation, (permutations,)."""
    bandwidths: tuple[float, ...]
    counts: tuple[int, int]
    bandwidth_count: int
    """Real entries that only the bandwidths were taken from."""


def median_bandwidths(entries: np.ndarray, multiples: Sequence[float] = MULTIPLES) -> tuple[float, ...]:
    """Return multiples of the median distance between entries (n, ...).

    Raises
    ------
    ValueError
        When that is zero, because more than half of the pairs are of equal entries.
    """
    vectors = as_vectors(entries, "entries for the bandwidth")
    squares = squared_distances(vectors, vectors)[np.triu_indices(len(vectors), 1)]
    median = float(np.sqrt(np.median(squares)))
    scale = float(np.abs(vectors).max(initial=0))
    if median <= 1e-9 * scale or median == 0:
        raise ValueError(
            f"the median distance of {len(vectors)} real entries is 0, so the kernel has a bandwidth of "
            "zero: most entries are equal; leave repeated entries out, or give bandwidths"
        )
    return tuple(median * multiple for multiple in multiples)


def rbf_kernel(one: np.ndarray, other: np.ndarray, bandwidths: Sequence[float]) -> np.ndarray:
    """Return k(a, b) = mean over bandwidths s of exp(-|a - b|^2 / (2 s^2)), (n, m).

    Raises
    ------
    ValueError
        When a bandwidth is not a positive number.
    """
    if not len(bandwidths) or not all(np.isfinite(each) and each > 0 for each in bandwidths):
        raise ValueError(f"bandwidths {tuple(bandwidths)} must be finite numbers above 0")
    squares = squared_distances(one, other)
    kernel: np.ndarray = np.mean([np.exp(squares / (-2 * each**2)) for each in bandwidths], axis=0)
    return kernel


def unbiased_mmd(kernel: np.ndarray, count: int) -> float:
    """Return the unbiased MMD^2 of the first `count` entries of a kernel (n, n) and the rest.

        1/(m(m-1)) sum_{i != j} k(x_i, x_j) + 1/(n(n-1)) sum_{i != j} k(y_i, y_j) - 2/(mn) sum_ij k(x_i, y_j)

    It may be below 0; its expectation is 0 where both come from the same distribution.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), A kernel two-sample test, JMLR 13, equation 3.
    """
    first = np.zeros((len(kernel), 1))
    first[:count] = 1
    return float(_statistics(kernel, first)[0])


def permutation_statistics(
    kernel: np.ndarray, count: int, permutations: int, *, generator: np.random.Generator
) -> np.ndarray:
    """Return the MMD^2 of random halves of a kernel's entries, float64 (permutations,).

    What is permuted is the numbers of rows: the kernel is computed once, and an entry stays whole.
    """
    first = np.zeros((len(kernel), permutations))
    for column in first.T:
        column[generator.permutation(len(kernel))[:count]] = 1
    return _statistics(kernel, first)


def _statistics(kernel: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the MMD^2 of every column of `first` (n, k), which is 1 for entries of the first sample."""
    diagonal = np.diagonal(kernel)
    second = 1 - first
    count, others = first[:, 0].sum(), second[:, 0].sum()
    products = kernel @ first
    within = np.sum(first * products, axis=0) - diagonal @ first
    between = np.sum(second * products, axis=0)
    total = kernel.sum() - np.sum(first * products, axis=0) - 2 * between - diagonal @ second
    statistics: np.ndarray = (
        within / (count * (count - 1)) + total / (others * (others - 1)) - 2 * between / (count * others)
    )
    return statistics


def mmd(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    generator: np.random.Generator,
    bandwidths: Sequence[float] | None = None,
    permutations: int = PERMUTATIONS,
    limit: int = LIMIT,
) -> Discrepancy:
    """Return the unbiased MMD^2 of real and synthetic entries, with a permutation test.

    Parameters
    ----------
    real, synthetic
        (n, ...) and (m, ...), finite.
    generator
        Of the split, of what is compared where there are more than `limit`, and of the permutations.
    bandwidths
        Of the kernels; by default `MULTIPLES` of the median distance within a third of the real entries,
        which are then not compared: so the test does not choose its kernel by what it tests.
    permutations
        The p-value is (1 + those whose statistic is as large) / (1 + permutations).
    limit
        Entries of each side that are compared.

    Raises
    ------
    ValueError
        When something is not finite, shapes differ, or a bandwidth is zero.
    """
    vectors, others = as_pair(real, synthetic, least=2 if bandwidths is not None else 6)
    vectors = vectors[generator.permutation(len(vectors))]
    others = others[generator.permutation(len(others))[:limit]]
    apart = 0
    if bandwidths is None:
        apart = min(limit, max(3, round(BANDWIDTH_SHARE * len(vectors))))
        bandwidths = median_bandwidths(vectors[:apart])
    vectors = vectors[apart:][:limit]
    both = np.concatenate([vectors, others])
    kernel, count = rbf_kernel(both, both, bandwidths), len(vectors)

    def part(rows: list[np.ndarray]) -> float:
        chosen = np.concatenate([rows[0], count + rows[1]])
        return unbiased_mmd(kernel[np.ix_(chosen, chosen)], len(rows[0]))

    value = unbiased_mmd(kernel, count)
    chance = permutation_statistics(kernel, count, permutations, generator=generator)
    p_value = (1 + np.sum(chance >= value - ROUNDING)) / (1 + permutations)
    error = jackknife(part, (count, len(others)), generator=generator)
    return Discrepancy(value, error, float(p_value), chance, tuple(bandwidths), (count, len(others)), apart)
