"""Neighbours: what of the real data is covered, how diverse the synthetic is, and what of it is copied."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.evaluation.entries import TOGETHER, as_pair, as_vectors, nearest_distances, squared_distances

NEIGHBOURS = 5
NEAR_QUANTILE = 0.01
"""Share of held-out entries that lie as near to a training entry as what counts as a near copy."""


class Support(NamedTuple):
    """What of the real data is reached, and how closely; see `support`."""

    coverage: float
    coverage_error: float
    density: float
    density_error: float
    neighbours: int
    counts: tuple[int, int]


class Diversity(NamedTuple):
    """The mean distance between entries, as a share of that between real ones."""

    value: float
    standard_error: float


class Copies(NamedTuple):
    """Memorised entries; see `count_copies`."""

    exact: int
    held_out_exact: int
    """Held-out entries that are training entries."""
    near: int
    entries: int
    near_share: float
    near_error: float
    threshold: float
    distances: np.ndarray
    """Of synthetic entries to the nearest training entry."""
    held_out_distances: np.ndarray
    """Of held-out entries to the nearest training entry."""


def support(real: np.ndarray, synthetic: np.ndarray, *, neighbours: int = NEIGHBOURS) -> Support:
    """Return coverage and density.

    A ball around every real entry reaches to its k-th nearest real one. Coverage is the share of balls in
    which a synthetic entry lies; density is how many balls a synthetic entry lies in, over k: about 1 of
    real data, above 1 where entries crowd where real ones are dense.

    References
    ----------
    Naeem, Oh, Uh, Choi and Yoo (2020), Reliable fidelity and diversity metrics for generative models,
    equations 5 and 6.
    """
    one, other = as_pair(real, synthetic)
    if len(one) <= neighbours:
        raise ValueError(f"real: {len(one)} entries: more than {neighbours} are needed")
    radii = nearest_distances(one, one, rank=neighbours, same=True)
    covered, depths = np.zeros(len(one), bool), np.zeros(len(other))
    together = max(1, TOGETHER // len(other))
    for start in range(0, len(one), together):
        part = slice(start, start + together)
        within = squared_distances(one[part], other) <= radii[part, None] ** 2
        covered[part] = within.any(axis=1)
        depths += within.sum(axis=0) / neighbours
    share = float(covered.mean())
    error = float(np.sqrt(share * (1 - share) / len(one)))
    density_error = float(depths.std() / np.sqrt(len(depths)))
    return Support(share, error, float(depths.mean()), density_error, neighbours, (len(one), len(other)))


def diversity(
    real: np.ndarray, synthetic: np.ndarray, *, generator: np.random.Generator, pairs: int = 20_000
) -> Diversity:
    """Return the mean distance of random synthetic pairs over that of real pairs: 1 is as diverse."""
    one, other = (_pair_distances(each, pairs, generator) for each in as_pair(real, synthetic))
    if not one.mean():
        raise ValueError("real: all entries are equal, and nothing can be compared with their diversity")
    value = other.mean() / one.mean()
    # of n entries about n / 2 pairs are independent
    spreads = (
        one.std() / np.sqrt(min(pairs, len(real) / 2)),
        other.std() / np.sqrt(min(pairs, len(synthetic) / 2)),
    )
    error = np.hypot(spreads[1], value * spreads[0]) / one.mean()
    return Diversity(float(value), float(error))


def _pair_distances(vectors: np.ndarray, pairs: int, generator: np.random.Generator) -> np.ndarray:
    first = generator.integers(len(vectors), size=pairs)
    second = (first + generator.integers(1, len(vectors), size=pairs)) % len(vectors)
    parts = np.array_split(np.arange(pairs), max(1, pairs * vectors.shape[1] // (1 << 22)))
    return np.concatenate(
        [np.linalg.norm(vectors[first[part]] - vectors[second[part]], axis=1) for part in parts]
    )


def count_copies(training: np.ndarray, held_out: np.ndarray, synthetic: np.ndarray) -> Copies:
    """Count synthetic entries that are training entries, exactly or nearly.

    Exact is equal in every number, as float32. Near is at most as far from a training entry as the nearest
    1 % of held-out real ones: so an honest generator has about 1 % of them by chance. Distances miss leakage
    that is not copying (arXiv 2505.01524): look at membership inference too.
    """
    known, made = as_pair(training, synthetic)
    others = as_vectors(held_out, "held out")
    seen = {row.tobytes() for row in _canonical(known)}
    exact, held_out_exact = (
        sum(row.tobytes() in seen for row in _canonical(each)) for each in (made, others)
    )
    distances, held_out_distances = nearest_distances(made, known), nearest_distances(others, known)
    threshold = float(np.quantile(held_out_distances, NEAR_QUANTILE))
    share = float(np.mean(distances <= threshold))
    error = float(np.sqrt(max(share * (1 - share), NEAR_QUANTILE * (1 - NEAR_QUANTILE)) / len(made)))
    near = int(np.sum(distances <= threshold))
    return Copies(
        exact, held_out_exact, near, len(made), share, error, threshold, distances, held_out_distances
    )


def _canonical(vectors: np.ndarray) -> np.ndarray:
    """Return vectors as float32, where -0 is 0, so that equal ones have equal bytes."""
    return np.ascontiguousarray(vectors, np.float32) + np.float32(0)
