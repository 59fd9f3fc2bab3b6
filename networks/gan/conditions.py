"""Labels as numbers beside noise and data, and scores that depend on them."""

from __future__ import annotations

import numpy as np

from networks.gan.blueprint import Blueprint
from nn.losses import CategoricalCrossEntropyWithLogits


def one_hot(labels: np.ndarray, classes: int, dtype: np.dtype) -> np.ndarray:
    """Return labels (N,) as ones among zeros, (classes, N)."""
    return (np.arange(classes)[:, None] == labels).astype(dtype)


def beside(values: np.ndarray, conditions: np.ndarray) -> np.ndarray:
    """Return values (..., features, N) with conditions (classes, N) behind the features at every place."""
    *places, features, count = values.shape
    both = np.empty((*places, features + len(conditions), count), values.dtype)
    both[..., :features, :], both[..., features:, :] = values, conditions
    return both


class Scores:
    """What a discriminator says: a score, and where its blueprint has heads, something for each class.

    Parameters
    ----------
    blueprint
        Of the networks.
    outputs
        The discriminator's, (..., heads, N).
    conditions
        Ones among zeros, (classes, N); ignored without heads for classes.

    Attributes
    ----------
    scores
        (..., N): with projection, the score plus that of the entry's class.
    """

    def __init__(self, blueprint: Blueprint, outputs: np.ndarray, conditions: np.ndarray) -> None:
        self._blueprint, self._outputs, self._conditions = blueprint, outputs, conditions
        self.scores = outputs[..., 0, :]
        if blueprint.conditioning == "projection":
            self.scores = self.scores + np.sum(outputs[..., 1:, :] * conditions, axis=-2)

    def of_means(self) -> np.ndarray:
        """Return the signals of scores that stand for the sum over entries of their mean score."""
        per_entry = self.scores.size // self.scores.shape[-1]
        return np.full_like(self.scores, 1 / per_entry)

    def signals(self, of_scores: np.ndarray) -> np.ndarray:
        """Return the signals of the outputs, of those of the scores."""
        signals = np.zeros_like(self._outputs)
        signals[..., 0, :] = of_scores
        if self._blueprint.conditioning == "projection":
            signals[..., 1:, :] = of_scores[..., None, :] * self._conditions
        return signals

    def classification(self, weight: float) -> tuple[float, np.ndarray]:
        """Return the loss of an auxiliary class head (Odena et al. 2017), and the signals of the outputs.

        It is the mean cross-entropy times `weight`; without such a head it is 0.
        """
        signals = np.zeros_like(self._outputs)
        if self._blueprint.conditioning != "auxiliary" or not weight:
            return 0.0, signals
        logits = np.ascontiguousarray(self._outputs[..., 1:, :])
        targets = np.broadcast_to(self._conditions, logits.shape)
        loss, of_logits = CategoricalCrossEntropyWithLogits()(logits, np.ascontiguousarray(targets))
        signals[..., 1:, :] = weight * of_logits
        return weight * loss, signals
