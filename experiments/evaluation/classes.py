"""Which classes synthetic entries are of, as a classifier that learned from real ones tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments.evaluation.uncertainty import jackknife

MISSING = 0.1
"""Share of what was asked for below which a class is missing: a classifier errs now and then."""


class ClassShares(NamedTuple):
    """Shares of classes (classes,), as they are found and as they were asked for, and what follows."""

    found: np.ndarray
    asked: np.ndarray
    distance: float
    distance_error: float
    entropy: float
    entropy_error: float
    missing: list
    """Classes that were asked for, and of which less than a tenth of that is found."""


def shares(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the share of each of the classes (k,) among labels (n,)."""
    counts: np.ndarray = np.sum(np.asarray(labels)[:, None] == classes, axis=0)
    return counts / len(labels)


def share_distance(found: np.ndarray, asked: np.ndarray) -> float:
    """Return the total variation of two sets of shares: 1/2 sum |p - q|, from 0 to 1."""
    return float(np.abs(found - asked).sum() / 2)


def share_entropy(found: np.ndarray) -> float:
    """Return -sum p log p / log k of k shares: 1 where classes are as common, 0 of a single one."""
    positive = found[found > 0]
    return float(max(0.0, -np.sum(positive * np.log(positive))) / np.log(len(found)))


def class_shares(
    predicted: np.ndarray, asked: np.ndarray, classes: np.ndarray, *, generator: np.random.Generator
) -> ClassShares:
    """Compare the classes that are found with those that were asked for.

    Parameters
    ----------
    predicted
        Labels of the synthetic entries as the classifier tells them, (n,).
    asked
        Labels that were asked for, (m,): those the entries came with, or those of real entries.
    classes
        All there are, two or more.
    generator
        Of the groups of the jackknife.
    """
    wanted, found = shares(asked, classes), shares(predicted, classes)

    def error(measure: Callable[[np.ndarray], float]) -> float:
        return jackknife(
            lambda rows: measure(shares(predicted[rows[0]], classes)), [len(predicted)], generator=generator
        )

    return ClassShares(
        found,
        wanted,
        share_distance(found, wanted),
        error(lambda part: share_distance(part, wanted)),
        share_entropy(found),
        error(share_entropy),
        classes[found < MISSING * wanted].tolist(),
    )
