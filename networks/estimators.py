"""Estimators: networks with the face of scikit-learn, for arrays that fit into memory.

    classifier = Classifier(hidden=(64,), epochs=20).fit(images, labels)
    classifier.score(test_images, test_labels)

They keep scikit-learn's conventions (`fit` returns the estimator, what is learned ends in an underscore,
`get_params` and `set_params` see the arguments of the constructor), so its pipelines and searches take
them; scikit-learn itself is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from networks.estimator import Estimator, as_entries, check_targets, determination, layers_of
from networks.network import Network
from networks.sequential import Sequential
from nn.brightness import are_brightnesses, shares
from nn.class_weights import balanced_class_weights
from nn.losses import CategoricalCrossEntropyWithLogits, SquaredError
from nn.shape import AnyShape, Shape, as_shape


@dataclass(eq=False)
class Classifier(Estimator):
    """Learns to which class an entry belongs; labels may be anything that sorts.

    Attributes
    ----------
    class_weight
        "balanced" lets rare classes count as much as common ones.
    classes_
        The labels there are, in order.
    """

    class_weight: str | None = field(default=None, kw_only=True)

    estimator_type: ClassVar[str | None] = "classifier"

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from entries X (N, ...) and their labels y (N,).

        Raises
        ------
        ValueError
            When entries and labels do not go together, or there is only one class.
        """
        entries, labels = as_entries(X), np.asarray(y)
        check_targets(entries, labels, axes=(1,))
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        count = len(self.classes_)
        if count < 2:
            raise ValueError(f"Classifier: all {len(labels)} labels are {labels[0]}: it takes two classes")
        if self.class_weight not in (None, "balanced"):
            raise ValueError(f"Classifier: class_weight {self.class_weight!r} must be None or 'balanced'")
        weights = None if self.class_weight is None else balanced_class_weights(numbers, count)
        loss = CategoricalCrossEntropyWithLogits(None if weights is None else tuple(weights))
        return self._fit(entries, numbers, Shape(1, 1, count), loss)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of every class, (N, classes), in the order of `classes_`."""
        logits = self._run(X)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of every entry, (N,)."""
        numbers = self._run(X).argmax(axis=1)
        labels: np.ndarray = self.classes_[numbers]
        return labels

    def score(self, X: Any, y: Any) -> float:
        """Return the share of entries whose label is predicted."""
        predicted, labels = self.predict(X), np.asarray(y)
        check_targets(predicted, labels, axes=(1,))
        return float(np.mean(predicted == labels))


@dataclass(eq=False)
class Regressor(Estimator):
    """Learns one number, or several, for every entry."""

    estimator_type: ClassVar[str | None] = "regressor"

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from entries X (N, ...) and their numbers y (N,) or (N, K).

        Raises
        ------
        ValueError
            When entries and numbers do not go together.
        """
        entries, numbers = as_entries(X), np.asarray(y, np.float32)
        check_targets(entries, numbers, axes=(1, 2))
        self._single = numbers.ndim == 1
        outputs = Shape(1, 1, 1 if self._single else numbers.shape[1])
        return self._fit(entries, numbers.reshape(len(numbers), -1), outputs, SquaredError())

    def predict(self, X: Any) -> np.ndarray:
        """Return the numbers of every entry, float32 (N,) or (N, K) as they were learned."""
        outputs = self._run(X)
        return outputs[:, 0] if self._single else outputs

    def score(self, X: Any, y: Any) -> float:
        """Return the coefficient of determination: 1 is perfect, 0 as good as the mean of `y`."""
        return determination(np.asarray(y, np.float64), self.predict(X))


@dataclass(eq=False)
class Compressor(Estimator):
    """Learns a short code of every entry, and to make the entry of it again: an autoencoder.

    The layers of `hidden` come before the code, and in reverse order after it. A network of your own is a
    `Sequential` of two networks called `encoder` and `decoder`.

    Attributes
    ----------
    code_size
        Numbers in a code.
    """

    code_size: int = field(default=2, kw_only=True)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from entries X (N, ...); `y` is there for pipelines and not looked at."""
        entries = as_entries(X)
        check_targets(entries, entries[:, 0], axes=range(1, 5))
        return self._fit(entries, None, as_shape(entries.shape[1:]), SquaredError())

    def _dense(self, inputs: AnyShape, outputs: AnyShape, generator: np.random.Generator) -> Network:
        hidden = self._hidden_shapes()
        code = Shape(1, 1, self.code_size)
        encoder = layers_of([inputs, *hidden, code], generator)
        return Sequential(
            {"encoder": encoder, "decoder": layers_of([code, *hidden[::-1], outputs], generator)}
        )

    def transform(self, X: Any) -> np.ndarray:
        """Return the codes of entries, float32 (N, code size)."""
        entries = as_entries(X)
        return self._half("encoder").predict(entries).reshape(len(entries), -1)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the entries that codes (N, code size) stand for, in the shape that was learned.

        Images in bytes come back as numbers from about 0 to 1.
        """
        decoder = self._half("decoder")
        codes, size = np.asarray(X, np.float32), decoder.input_shape.size
        if codes.ndim != 2 or codes.shape[1] != size:
            raise ValueError(f"Compressor: codes have shape {codes.shape}, expected (N, {size})")
        entries = decoder.predict(codes.reshape(-1, *decoder.input_shape))
        return entries.reshape(len(entries), -1) if entries.shape[1:3] == (1, 1) else entries

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the codes of the entries that it learns from."""
        return self.fit(X).transform(X)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the share of the entries' variance that their codes keep."""
        entries = as_entries(X)
        wanted = shares(entries, np.float64) if are_brightnesses(entries) else entries.astype(np.float64)
        return determination(wanted.reshape(len(entries), -1), self._run(X))

    def _half(self, name: str) -> Network:
        network = getattr(self, "network_", None)
        if not isinstance(network, Sequential) or name not in network.named:
            raise ValueError(f"Compressor: call fit first; a network of your own needs an {name}")
        return network.named[name]
