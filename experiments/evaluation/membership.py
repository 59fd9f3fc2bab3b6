"""Membership inference: whether synthetic entries give away which real ones were trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.evaluation.entries import as_pair, as_vectors, nearest_distances
from experiments.evaluation.roc import area, area_error, roc, true_rate

FALSE_RATE = 0.01
COPYING = 0.9
"""AUC from which a generator is flagged as one that copies."""


class Attack(NamedTuple):
    """How well training entries are told from held-out ones."""

    auc: float
    auc_error: float
    true_rate: float
    """Of training entries found where 1 % of the held-out ones are taken for such."""
    true_rate_error: float
    counts: tuple[int, int]
    false_rates: np.ndarray
    true_rates: np.ndarray

    @property
    def copies(self) -> bool:
        """Whether the generator is to be flagged as one that copies what it was trained on."""
        return self.auc > COPYING

    @property
    def leaks(self) -> bool:
        """Whether the AUC lies above 0.5 by more than three standard errors."""
        return self.auc - 3 * area_error(0.5, *self.counts) > 0.5


def attack(training: np.ndarray, held_out: np.ndarray, synthetic: np.ndarray) -> Attack:
    """Take a real entry for one of the training's, the more so the nearer a synthetic entry lies to it.

    Numbers count in standard deviations of the held-out entries. 0.5 is no knowledge; the rate at few false
    positives says what averages hide (Carlini et al. 2022). Both samples must come from one distribution:
    where they differ by anything else, such as time, that is found instead.

    References
    ----------
    Chen, Yu, Zhang and Fritz (2020), GAN-Leaks, the full black-box attack; Carlini, Chien, Nasr, Song, Terzis
    and Tramèr (2022), Membership inference attacks from first principles, section III.
    """
    members, made = as_pair(training, synthetic)
    others = as_vectors(held_out, "held out")
    deviations = others.std(axis=0)
    scales = np.where(deviations > 0, deviations, 1)
    scores = [-nearest_distances(each / scales, made / scales) for each in (members, others)]
    auc, found = area(scores[0], scores[1]), true_rate(scores[0], scores[1], FALSE_RATE)
    counts = len(members), len(others)
    error = float(np.sqrt(max(found * (1 - found), FALSE_RATE * (1 - FALSE_RATE)) / counts[0]))
    return Attack(auc, area_error(auc, *counts), found, error, counts, *roc(scores[0], scores[1]))
