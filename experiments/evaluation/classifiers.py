"""The classifiers that judge: networks of this project, and forests and boosted trees of scikit-learn."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from networks import GRU, Classifier, Convolution, Dense, Flatten, Network, Recipe, Sequential
from nn import AnyShape, Identity, LeakyReLU

HIDDEN = (128, 64)
EPOCHS = 200
CUSTOMARY_EPOCHS = 60
BATCH_SIZE = 32
PATIENCE = 20
"""Epochs without a lower loss: with fewer, a recurrent network stops before it begins to learn."""

VALIDATION = 0.2
TREES = 200
BOOSTED_TREES = 100
GRU_UNITS = 32
CHANNELS = (16, 32)
FEATURES = 64

Make = Callable[[int], Any]
"""Makes a classifier with the face of scikit-learn's from a seed."""


@dataclass(frozen=True)
class Judge:
    """A kind of classifier.

    Attributes
    ----------
    name, description
        What it is called, and its size.
    make
        See `Make`.
    flat
        Whether it takes entries as vectors, each number in deviations of its own; otherwise it takes them in
        their shape, each variable or channel in deviations of its own.
    """

    name: str
    description: str
    make: Make
    flat: bool = True

    def scale(self, entries: np.ndarray) -> Scaling:
        """Return how numbers of entries (n, ...) are scaled."""
        axes = 0 if self.flat else tuple(range(entries.ndim - 1))
        deviations = entries.std(axis=axes, dtype=np.float64)
        return Scaling(
            entries.mean(axis=axes, dtype=np.float64), np.where(deviations > 0, deviations, 1), self.flat
        )


class Scaling(NamedTuple):
    """Means and deviations of what was learned from, and whether entries become vectors."""

    means: np.ndarray
    scales: np.ndarray
    flat: bool

    def apply(self, entries: np.ndarray) -> np.ndarray:
        """Return entries as a classifier takes them, float32."""
        scaled = ((entries - self.means) / self.scales).astype(np.float32)
        return scaled.reshape(len(scaled), -1) if self.flat else scaled


class Fitted(NamedTuple):
    """A classifier and how its entries are scaled; `model` is None of a single class."""

    model: Any
    scaling: Scaling
    classes: np.ndarray

    def predict(self, entries: np.ndarray) -> np.ndarray:
        """Return the most probable labels, (n,)."""
        if self.model is None:
            return np.repeat(self.classes, len(entries))
        labels: np.ndarray = self.model.predict(self.scaling.apply(entries))
        return labels

    def probabilities(self, entries: np.ndarray) -> np.ndarray:
        """Return the probability of the last class, (n,)."""
        probabilities: np.ndarray = self.model.predict_proba(self.scaling.apply(entries))[:, -1]
        return probabilities

    def features(self, entries: np.ndarray) -> np.ndarray:
        """Return what a network has before its last layer, float64 (n, features)."""
        network: Any = self.model.network_
        found: np.ndarray = network.named["body"].predict(self.scaling.apply(entries))
        return found.reshape(len(found), -1).astype(np.float64)


def _stopped(layers: Sequence[Recipe[Network]], learning_rate: float) -> Make:
    """Return how to make a network that stops early: layers, called `body`, behind which the classes come."""

    def build(inputs: AnyShape, outputs: AnyShape, generator: np.random.Generator) -> Network:
        last = Dense.of(outputs, activation=Identity())
        return Sequential(inputs, {"body": Sequential.of(layers), "last": last}, generator=generator)

    return lambda seed: Classifier(
        network=build,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        learning_rate=learning_rate,
        validation_fraction=VALIDATION,
        patience=PATIENCE,
        seed=seed,
    )


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415

    return RandomForestClassifier(TREES, random_state=seed)


def _boosted(seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier  # noqa: PLC0415

    return GradientBoostingClassifier(n_estimators=BOOSTED_TREES, max_features="sqrt", random_state=seed)


NETWORK = Judge(
    "network",
    f"dense, {HIDDEN[0]} and {HIDDEN[1]} units, stopped early",
    _stopped(
        [Dense.of(units, activation=LeakyReLU()) for units in HIDDEN],
        0.002,
    ),
)
FOREST = Judge("random forest", f"{TREES} trees", _forest)
BOOSTED = Judge("boosted trees", f"{BOOSTED_TREES} trees of depth 3", _boosted)
RECURRENT = Judge(
    "recurrent network",
    f"GRU, {GRU_UNITS} units in each direction, stopped early",
    _stopped(
        [GRU.of(units=GRU_UNITS, bidirectional=True, whole_sequence=False)],
        0.005,
    ),
    flat=False,
)
CONVOLUTIONAL = Judge(
    "convolutional network",
    f"{CHANNELS[0]} and {CHANNELS[1]} channels, {FEATURES} units, stopped early",
    _stopped(
        [
            *(Convolution.of(channels=each, kernel=3, stride=2, padding=1) for each in CHANNELS),
            Flatten.of(),
            Dense.of(FEATURES, activation=LeakyReLU()),
        ],
        0.002,
    ),
    flat=False,
)


def own_network(shape: tuple[int, ...]) -> Judge:
    """Return the network that suits entries of a shape: recurrent of series, convolutional of images."""
    if len(shape) == 2 and shape[0] > 1:
        return RECURRENT
    return CONVOLUTIONAL if len(shape) == 3 else NETWORK


def strong_judges(shape: tuple[int, ...]) -> Sequence[Judge]:
    """Return three classifiers for entries of a shape; without scikit-learn those of them that need none.

    The dense network and the forest judge everything, and the third what suits the shape: of vectors, which
    have no neighbourhood, boosted trees.
    """
    own = own_network(shape)
    networks = [NETWORK] if own is NETWORK else [NETWORK, own]
    if importlib.util.find_spec("sklearn") is None:
        return networks
    return [NETWORK, FOREST, BOOSTED if own is NETWORK else own]


def weak_units(variables: int) -> int:
    """Return the units of the customary discriminator of so many variables."""
    return max(1, variables // 2)


def weak(variables: int, *, recurrent: bool) -> Judge:
    """Return the customary discriminator of int(d / 2) units, at least 1: a GRU for series, or a dense layer.

    References
    ----------
    Yoon, Jarrett and van der Schaar (2019), Time-series generative adversarial networks, published code.
    """
    units = weak_units(variables)
    first = (
        GRU.of(units=units, whole_sequence=False) if recurrent else Dense.of(units, activation=LeakyReLU())
    )
    layers = [first, Dense.of(2, activation=Identity())]
    return Judge(
        "customary",
        f"{units} {'GRU' if recurrent else 'dense'} unit(s)",
        lambda seed: Classifier(
            network=Sequential.of(layers), epochs=CUSTOMARY_EPOCHS, batch_size=32, seed=seed
        ),
        flat=not recurrent,
    )


def fit(judge: Judge, seed: int, entries: np.ndarray, labels: np.ndarray) -> Fitted:
    """Return a classifier trained on entries (n, ...) and their labels (n,)."""
    scaling, classes = judge.scale(entries), np.unique(labels)
    if len(classes) == 1:
        return Fitted(None, scaling, classes)
    model = judge.make(seed)
    model.fit(scaling.apply(entries), labels)
    return Fitted(model, scaling, classes)
