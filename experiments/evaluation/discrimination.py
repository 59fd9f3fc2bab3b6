"""Discriminative score: how well a classifier tells synthetic entries from real ones."""

from __future__ import annotations

import numpy as np

from experiments.evaluation.classifiers import Fitted, Judge, fit
from experiments.evaluation.entries import checked_pair
from experiments.evaluation.roc import area
from experiments.evaluation.transfer import SEEDS

TEST_SHARE = 0.3


def signed_scores(
    judge: Judge,
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    generator: np.random.Generator,
    count: int | None = None,
    seeds: int = SEEDS,
) -> np.ndarray:
    """Return AUC - 0.5 on entries that were not trained on, float64 (seeds,).

    0 is indistinguishable and 0.5 told every time; by chance it lies below 0 as often as above, and is not
    folded up: the mean of many is 0 where nothing is to be told, which that of absolute values is not.

    Parameters
    ----------
    judge
        The classifier.
    real, synthetic
        (n, ...) and (m, ...).
    generator
        Of seeds and splits.
    count
        Entries of each side, by default as many as the smaller has: 7 of 10 are trained on.
    """
    one, other = checked_pair(real, synthetic, least=4)
    found = []
    for seed in generator.integers(2**31, size=seeds):
        model, tested, labels = _fitted(judge, int(seed), one, other, count, generator)
        probabilities = model.probabilities(tested)
        found.append(area(probabilities[labels == 1], probabilities[labels == 0]) - 0.5)
    return np.array(found)


def customary_scores(
    judge: Judge,
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    generator: np.random.Generator,
    count: int | None = None,
    seeds: int = SEEDS,
) -> np.ndarray:
    """Return |accuracy - 0.5|, float64 (seeds,), as papers have it; entries stay (n, ...) as they are given.

    References
    ----------
    Yoon, Jarrett and van der Schaar (2019), Time-series generative adversarial networks, section 5.
    """
    one, other = checked_pair(real, synthetic, least=4)
    found = []
    for seed in generator.integers(2**31, size=seeds):
        model, tested, labels = _fitted(judge, int(seed), one, other, count, generator)
        found.append(abs(np.mean(model.predict(tested) == labels) - 0.5))
    return np.array(found)


def _fitted(
    judge: Judge,
    seed: int,
    real: np.ndarray,
    synthetic: np.ndarray,
    count: int | None,
    generator: np.random.Generator,
) -> tuple[Fitted, np.ndarray, np.ndarray]:
    """Return a classifier trained on a part of both, the rest of both, and whether that is synthetic."""
    smaller = min(len(real), len(synthetic))
    count = smaller if count is None else min(count, smaller)
    parts = [each[generator.permutation(len(each))[:count]] for each in (real, synthetic)]
    tested = max(1, round(TEST_SHARE * count))
    training, test = (
        np.concatenate([part[rows] for part in parts]) for rows in (slice(tested, None), slice(tested))
    )
    labels = np.repeat([0, 1], count - tested)
    return fit(judge, seed, training, labels), test, np.repeat([0, 1], tested)
