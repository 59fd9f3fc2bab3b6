"""The classifiers that judge: a network of this project, and a random forest where scikit-learn is there."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from networks import GRU, Classifier, Dense, Sequential
from nn import Identity

HIDDEN = (128, 64)
EPOCHS = 200
CUSTOMARY_EPOCHS = 60
PATIENCE = 20
VALIDATION = 0.2
TREES = 200

Make = Callable[[int], Any]
"""Makes a classifier with the face of scikit-learn's from a seed."""


class Fitted(NamedTuple):
    """A classifier, and the means and deviations of what it learned; `model` is None of a single class."""

    model: Any
    means: np.ndarray
    scales: np.ndarray
    classes: np.ndarray

    def predict(self, entries: np.ndarray) -> np.ndarray:
        """Return the most probable labels, (n,)."""
        if self.model is None:
            return np.repeat(self.classes, len(entries))
        labels: np.ndarray = self.model.predict(self._scaled(entries))
        return labels

    def probabilities(self, entries: np.ndarray) -> np.ndarray:
        """Return the probability of the last class, (n,)."""
        probabilities: np.ndarray = self.model.predict_proba(self._scaled(entries))[:, -1]
        return probabilities

    def _scaled(self, entries: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (entries - self.means) / self.scales
        return scaled.astype(np.float32)


def network(seed: int) -> Classifier:
    """Return a dense network of two hidden layers that stops early on a fifth of its training entries."""
    return Classifier(
        HIDDEN,
        epochs=EPOCHS,
        batch_size=32,
        learning_rate=0.002,
        validation_fraction=VALIDATION,
        patience=PATIENCE,
        seed=seed,
    )


def forest(seed: int) -> Any:
    """Return scikit-learn's random forest."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415

    return RandomForestClassifier(TREES, random_state=seed)


def weak_units(variables: int) -> int:
    """Return the units of the customary discriminator of so many variables."""
    return max(1, variables // 2)


def weak(variables: int, *, recurrent: bool) -> Make:
    """Return the customary discriminator of int(d / 2) units, at least 1: a GRU for series, or a dense layer.

    References
    ----------
    Yoon, Jarrett and van der Schaar (2019), Time-series generative adversarial networks, published code.
    """
    units = weak_units(variables)
    if not recurrent:
        return lambda seed: Classifier((units,), epochs=CUSTOMARY_EPOCHS, batch_size=32, seed=seed)
    layers = [GRU.of(units=units, whole_sequence=False), Dense.of(2, activation=Identity())]
    return lambda seed: Classifier(
        network=Sequential.of(layers), epochs=CUSTOMARY_EPOCHS, batch_size=32, seed=seed
    )


def strong_classifiers() -> Mapping[str, Make]:
    """Return those there are by name; without scikit-learn the network alone."""
    found: dict[str, Make] = {"network": network}
    if importlib.util.find_spec("sklearn") is not None:
        found["random forest"] = forest
    return found


DESCRIPTIONS = {
    "network": f"dense, {HIDDEN[0]} and {HIDDEN[1]} units, stopped early",
    "random forest": f"{TREES} trees",
}


def fit(make: Make, seed: int, entries: np.ndarray, labels: np.ndarray) -> Fitted:
    """Return a classifier trained on entries (n, ...), whose numbers are scaled by mean and deviation."""
    deviations = entries.std(axis=0)
    means, scales = entries.mean(axis=0), np.where(deviations > 0, deviations, 1)
    classes = np.unique(labels)
    unfitted = Fitted(None, means, scales, classes)
    if len(classes) == 1:
        return unfitted
    fitted = unfitted._replace(model=make(seed))
    fitted.model.fit(((entries - means) / scales).astype(np.float32), labels)
    return fitted
