"""Estimators: networks with scikit-learn's interface, for arrays that fit into memory.

    classifier = Classifier(hidden=(64,), epochs=20).fit(images, labels)
    classifier.score(test_images, test_labels)

They keep scikit-learn's conventions (`fit` returns the estimator, what is learned ends in an underscore,
`get_params` and `set_params` see the arguments of the constructor), so its pipelines and searches take
them; scikit-learn itself is not needed. `networks.base.estimator_inputs` says what is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np

from networks.base import scikit_learn_conventions
from networks.base.entries import checked_step_masks
from networks.base.estimator import Estimator, Task, layers_of
from networks.base.estimator_inputs import as_labels, as_numbers, as_targets, as_weights, check_counts
from networks.base.network import Network
from networks.base.r2_score import r2_score
from networks.sequential import Sequential
from nn.class_weights import balanced_class_weights
from nn.finite import check_finite
from nn.lookup import look_up
from nn.losses import CategoricalCrossEntropyWithLogits, SquaredError
from nn.pixel_scaling import are_byte_images, scale_pixels
from nn.shape import AnyShape, Shape, as_shape

CODE_SIZE = 2
"""Numbers in a code where nothing is said of it."""


@dataclass(eq=False, repr=False)
class Classifier(Estimator):
    """Learns to which class an entry belongs; labels are whole numbers, text, or anything else that sorts.

    Attributes
    ----------
    class_weight
        "balanced" lets rare classes count as much as common ones; a mapping gives the weights of labels,
        1 where it says nothing.
    classes_
        The labels there are, in order.
    """

    class_weight: Mapping[Any, float] | Literal["balanced"] | None = field(default=None, kw_only=True)

    classes_: np.ndarray = field(init=False)

    estimator_type: ClassVar[str] = "classifier"

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, step_masks: Any = None) -> Self:
        """Learn from entries X (N, ...), their labels y (N,), and how much each counts (N,).

        Entries of weight 0 are left out. For padded sequences, `step_masks` says which steps exist, bool (N,
        T): here, and in predictions.

        Raises
        ------
        ValueError
            When entries and labels do not go together, something is missing or not finite, labels are
            continuous, or there is only one class.
        """
        self._check_y(y)
        (entries, masks), labels = self._given(X, step_masks), as_labels(y)
        check_counts(entries, labels)
        weights = as_weights(sample_weight, len(entries))
        if weights is not None:
            masks = None if masks is None else masks[weights > 0]
            entries, labels, weights = (each[weights > 0] for each in (entries, labels, weights))
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            only = f"{classes.tolist()[0]!r} in {len(labels)} sample(s)"
            raise ValueError(f"Classifier: only one class, {only}: it takes two classes")
        loss = CategoricalCrossEntropyWithLogits(self._class_weights(classes, numbers, weights))
        task = Task(entries, numbers, weights, Shape(1, 1, len(classes)), loss, masks)
        return self._learn(task, X, classes_=classes)

    def predict_proba(self, X: Any, *, step_masks: Any = None) -> np.ndarray:
        """Return the probability of every class, float32 (N, classes), in the order of `classes_`."""
        logits = self._run(X, step_masks)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, X: Any, *, step_masks: Any = None) -> np.ndarray:
        """Return the most probable label of every entry, (N,)."""
        numbers = self._run(X, step_masks).argmax(axis=1)
        labels: np.ndarray = self.classes_[numbers]
        return labels

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, step_masks: Any = None) -> float:
        """Return the share of entries whose label is predicted, each counted by its weight."""
        predicted, labels = self.predict(X, step_masks=step_masks), as_labels(y)
        check_counts(predicted, labels)
        if (predicted.dtype.kind in "OSUT") != (labels.dtype.kind in "OSUT"):
            raise ValueError(f"labels are {labels.dtype}, but {predicted.dtype} was learned")
        return float(np.average(predicted == labels, weights=as_weights(sample_weight, len(labels))))

    def _class_weights(
        self, classes: np.ndarray, numbers: np.ndarray, weights: np.ndarray | None
    ) -> tuple[float, ...] | None:
        given = self.class_weight
        if given is None:
            return None
        if isinstance(given, Mapping):
            known = classes.tolist()
            if unknown := [label for label in given if label not in known]:
                raise ValueError(f"Classifier: class_weight has {unknown[0]!r}, not a label: {known}")
            return tuple(float(given.get(label, 1.0)) for label in known)
        if given != "balanced":
            raise ValueError(f"Classifier: class_weight {given!r} must be None, 'balanced' or a mapping")
        return tuple(balanced_class_weights(numbers, len(classes), weights))


@dataclass(eq=False, repr=False)
class Regressor(Estimator):
    """Learns one number, or several, for every entry."""

    _single: bool = field(init=False)

    estimator_type: ClassVar[str] = "regressor"

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, step_masks: Any = None) -> Self:
        """Learn from entries X (N, ...), their numbers y (N,) or (N, K), and how much each counts (N,).

        `step_masks` are as for `Classifier.fit`.

        Raises
        ------
        ValueError
            When entries and numbers do not go together, or something is missing or not finite.
        """
        self._check_y(y)
        (entries, masks), numbers = self._given(X, step_masks), as_targets(y)
        check_counts(entries, numbers)
        single = numbers.ndim == 1
        outputs = Shape(1, 1, 1 if single else numbers.shape[1])
        weights = as_weights(sample_weight, len(entries))
        task = Task(entries, numbers.reshape(len(numbers), -1), weights, outputs, SquaredError(), masks)
        return self._learn(task, X, _single=single)

    def predict(self, X: Any, *, step_masks: Any = None) -> np.ndarray:
        """Return the numbers of every entry, float64 (N,) or (N, K) as they were learned."""
        outputs = self._run(X, step_masks).astype(np.float64)
        return outputs[:, 0] if self._single else outputs

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, step_masks: Any = None) -> float:
        """Return the coefficient of determination: 1 is perfect, 0 as good as the mean of `y`.

        With several numbers to an entry, the mean of theirs. It is scikit-learn's
        `r2_score(y, predict(X), sample_weight=sample_weight)`.
        """
        found = self.predict(X, step_masks=step_masks)
        wanted = np.asarray(as_numbers(y, "y"), np.float64)
        check_finite(wanted, "y", np.float64)
        return r2_score(wanted, found, as_weights(sample_weight, len(found)))


@dataclass(eq=False, repr=False)
class Compressor(Estimator):
    """Learns a short code for every entry, and to reconstruct the entry from it: an autoencoder.

    The layers of `hidden` come before the code, and in reverse order after it. A network of your own is a
    `Sequential` of two networks called `encoder` and `decoder`.

    Attributes
    ----------
    code_size
        Numbers in a code; None stands for `CODE_SIZE`, or for what a network of your own has, which is
        held to a number given here.
    """

    code_size: int | None = field(default=None, kw_only=True)

    estimator_type: ClassVar[str] = "transformer"

    def fit(self, X: Any, y: Any = None, *, step_masks: Any = None) -> Self:
        """Learn from entries X (N, ...); `y` exists for pipelines and is ignored.

        `step_masks` are as for `Classifier.fit`.
        """
        entries, masks = self._given(X, step_masks)
        return self._learn(Task(entries, None, None, as_shape(entries.shape[1:]), SquaredError(), masks), X)

    def _built(self, inputs: AnyShape, outputs: AnyShape, generator: np.random.Generator) -> Network:
        network = super()._built(inputs, outputs, generator)
        for half in ("encoder", "decoder"):
            if not isinstance(network, Sequential) or half not in network.named:
                raise ValueError(f"Compressor: a network of your own is a Sequential that has an {half}")
        code, wanted = network.named["encoder"].output_shape.size, self.code_size  # type: ignore[attr-defined]
        if wanted is not None and code != wanted:
            raise ValueError(
                f"Compressor: code_size is {wanted}, but the encoder of network gives codes of {code}: leave "
                "one of the two out"
            )
        return network

    def _dense(self, inputs: AnyShape, outputs: AnyShape, generator: np.random.Generator) -> Network:
        hidden = self._hidden_shapes()
        code = Shape(1, 1, CODE_SIZE if self.code_size is None else self.code_size)
        encoder = layers_of([inputs, *hidden, code], generator)
        return Sequential(
            {"encoder": encoder, "decoder": layers_of([code, *hidden[::-1], outputs], generator)}
        )

    def transform(self, X: Any, *, step_masks: Any = None) -> Any:
        """Return the codes of entries, float32 (N, code size); in a table where `set_output` says so."""
        masks = checked_step_masks(step_masks, type(self).__name__)
        entries = self._entries(X, masks)
        codes = self._half("encoder").predict(entries, step_masks=masks).reshape(len(entries), -1)
        container = scikit_learn_conventions.output_container(vars(self).get("_sklearn_output_config", {}))
        return scikit_learn_conventions.contained(codes, container, self.get_feature_names_out(), X)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Let `transform` return "pandas" or "polars" tables, or arrays ("default"); None changes nothing."""
        if transform is not None:
            look_up(scikit_learn_conventions.CONTAINERS, transform, "output")
            self._sklearn_output_config = {"transform": transform}
        return self

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the numbers of a code: compressor0, compressor1 and so on, objects (K,)."""
        codes = self._half("encoder").output_shape.size
        known = getattr(self, "feature_names_in_", None)
        scikit_learn_conventions.check_input_features(input_features, known, self.n_features_in_)
        return np.array([f"{type(self).__name__.lower()}{i}" for i in range(codes)], object)

    def inverse_transform(self, X: Any, *, step_masks: Any = None) -> np.ndarray:
        """Return the entries that codes (N, code size) stand for, in the shape that was learned.

        Images in bytes come back as numbers from about 0 to 1.
        """
        masks = checked_step_masks(step_masks, type(self).__name__)
        decoder = self._half("decoder")
        codes, size = np.asarray(as_numbers(X, "codes"), np.float32), decoder.input_shape.size
        if codes.ndim != 2 or codes.shape[1] != size:
            raise ValueError(f"Compressor: codes have shape {codes.shape}, expected (N, {size})")
        entries = decoder.predict(codes.reshape(-1, *decoder.input_shape), step_masks=masks)
        return entries.reshape(len(entries), -1) if entries.shape[1:3] == (1, 1) else entries

    def fit_transform(self, X: Any, y: Any = None, *, step_masks: Any = None) -> Any:
        """Return the codes of the entries that it learns from."""
        return self.fit(X, step_masks=step_masks).transform(X, step_masks=step_masks)

    def score(self, X: Any, y: Any = None, *, step_masks: Any = None) -> float:
        """Return the share of the entries' variance that their codes keep, images as numbers from 0 to 1.

        It is scikit-learn's `r2_score(X, inverse_transform(transform(X)), multioutput="variance_weighted")`
        over the numbers of an entry; those of steps that are not there do not count.
        """
        masks = checked_step_masks(step_masks, type(self).__name__)
        found, entries = self._run(X, masks), self._entries(X, masks)
        wanted = scale_pixels(entries, np.float64) if are_byte_images(entries) else entries
        if masks is not None:
            wanted, found = _with_means(masks, wanted, found.reshape(wanted.shape))
        return r2_score(wanted.reshape(len(entries), -1), found, by_variance=True)

    def _half(self, name: str) -> Network:
        self._check_fitted()
        network: Any = self.network_
        half: Network = network.named[name]
        return half


def _with_means(masks: np.ndarray, wanted: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both with the mean of a step (N, T, ...) where it is not there: no error, and no distance."""
    there = masks.reshape(*masks.shape, *(1,) * (wanted.ndim - 2))
    means = np.where(there, wanted, 0).sum(axis=0, dtype=np.float64) / np.maximum(there.sum(axis=0), 1)
    return np.where(there, wanted, means), np.where(there, found, means)
