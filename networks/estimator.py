"""Estimator: what networks with the face of scikit-learn share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from networks.dense_o2 import Dense
from networks.network import Network
from networks.sequential import Sequential
from nn.activations import Activation, Identity, LeakyReLU
from nn.choices import choose
from nn.losses import Loss
from nn.optimizers import optimizer_by_name
from nn.shape import AnyShape, Shape, as_shape
from nn.training import ArrayBatches, Callback, EarlyStopping, Trainer
from nn.training.log import LogRow

BuildNetwork: TypeAlias = Callable[[AnyShape, AnyShape, np.random.Generator], Network]
"""Makes a network from its input shape, its output shape and the generator of its weights."""


def layers_of(
    sizes: Sequence[AnyShape],
    generator: np.random.Generator,
    last: Activation = Identity(),  # noqa: B008
) -> Sequential:
    """Return dense layers between shapes, leaky rectifiers but for the last."""
    activations = [*[LeakyReLU()] * (len(sizes) - 2), last]
    pairs = zip(sizes, sizes[1:], activations, strict=False)
    return Sequential([Dense(a, b, activation=each, generator=generator) for a, b, each in pairs])


@dataclass(eq=False)
class Estimator:
    """What all estimators share.

    Attributes
    ----------
    hidden
        Units of the dense layers between input and output, where no network is given.
    network
        Makes another network: see `BuildNetwork`. Inputs (N, K) are vectors of shape 1x1xK, (N, T, K)
        sequences, (N, H, W, C) images.
    optimizer, learning_rate
        By name; see `nn.optimizers`.
    epochs, batch_size
        How long, and how many entries to a step.
    validation_fraction, patience
        Share of the entries that is held out, and after how many epochs without a lower loss on them
        training stops; with 0 and None nothing is held out and training does not stop early.
    seed
        Of all that is drawn.
    network_
        What was trained.
    history_
        A row for every epoch; see `nn.training.LogRow`.
    n_features_in_
        Numbers in an entry.
    """

    hidden: Sequence[int] = (100,)
    network: BuildNetwork | None = field(default=None, kw_only=True)
    optimizer: str = field(default="adam", kw_only=True)
    learning_rate: float = field(default=0.001, kw_only=True)
    epochs: float = field(default=20, kw_only=True)
    batch_size: int = field(default=64, kw_only=True)
    validation_fraction: float = field(default=0.0, kw_only=True)
    patience: int | None = field(default=None, kw_only=True)
    seed: int = field(default=0, kw_only=True)

    estimator_type: ClassVar[str | None] = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor by name; nothing is nested, so `deep` changes nothing."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def set_params(self, **parameters: Any) -> Self:
        """Set arguments of the constructor.

        Raises
        ------
        ValueError
            When there is no such argument; the message suggests the nearest.
        """
        known = self.get_params()
        for name in parameters:
            choose(known, name, f"parameter of {type(self).__name__}")
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn, which alone asks, what kind of estimator this is."""
        from sklearn.base import BaseEstimator  # noqa: PLC0415 - not needed without scikit-learn

        tags = BaseEstimator.__sklearn_tags__(self)
        tags.estimator_type = self.estimator_type
        return tags

    def _fit(self, inputs: np.ndarray, targets: np.ndarray | None, outputs: AnyShape, loss: Loss) -> Self:
        """Train a new network on entries (N, *shape) and targets."""
        if (self.patience is not None) != (self.validation_fraction > 0):
            raise ValueError("early stopping needs both a patience and a validation fraction above 0")
        weights, order, held = map(np.random.default_rng, np.random.SeedSequence(self.seed).spawn(3))
        shape = as_shape(inputs.shape[1:])
        build = self._dense if self.network is None else self.network
        network = build(shape, outputs, weights)
        training, held_out = ArrayBatches(inputs, targets), None
        if self.validation_fraction:
            training, held_out = training.split(self.validation_fraction, generator=held)
        callbacks: list[Callback] = []
        if self.patience is not None:
            callbacks.append(EarlyStopping("held_out_loss", patience=self.patience, restore_best=True))
        optimizer = optimizer_by_name(self.optimizer, self.learning_rate)
        trainer = Trainer(
            network, loss, optimizer, training, held_out, batch_size=self.batch_size, generator=order
        )
        trainer.train(epochs=self.epochs, callbacks=callbacks)
        self.network_: Network = network
        self.history_: list[LogRow] = trainer.rows
        self.n_features_in_ = shape.size
        return self

    def _dense(self, inputs: AnyShape, outputs: AnyShape, generator: np.random.Generator) -> Network:
        return layers_of([inputs, *self._hidden_shapes(), outputs], generator)

    def _hidden_shapes(self) -> list[Shape]:
        hidden, owner = self.hidden, type(self).__name__
        if not isinstance(hidden, Sequence) or not all(isinstance(units, Integral) for units in hidden):
            raise ValueError(f"{owner}: hidden {hidden!r} must be the units of every layer, such as (100,)")
        return [Shape(1, 1, int(units)) for units in hidden]

    def _run(self, inputs: Any) -> np.ndarray:
        """Return the outputs (N, K) for entries."""
        if not hasattr(self, "network_"):
            raise ValueError(f"{type(self).__name__}: call fit before anything is asked of it")
        entries = as_entries(inputs)
        return self.network_.predict(entries).reshape(len(entries), -1)


def as_entries(X: Any) -> np.ndarray:
    """Return entries as (N, *shape): rows of numbers (N, K) are vectors of shape 1x1xK.

    Raises
    ------
    ValueError
        When they are no array of 2 to 5 axes with at least one number.
    """
    array = np.asarray(X)
    if array.dtype.kind not in "fiub" or not 2 <= array.ndim <= 5 or not array.size:
        raise ValueError(
            f"entries are {array.dtype} {array.shape}: give numbers (N, features), (N, steps, features), "
            "(N, height, width, channels) or (N, steps, height, width, channels)"
        )
    if array.dtype != np.uint8:  # bytes stay, and where they are images become 0 to 1 as they are gathered
        array = array.astype(np.float32, copy=False)
    return array.reshape(len(array), 1, 1, -1) if array.ndim == 2 else array


def check_targets(entries: np.ndarray, targets: np.ndarray, axes: Sequence[int]) -> None:
    """Refuse targets that do not belong to the entries.

    Raises
    ------
    ValueError
        When their numbers differ, or the targets have other axes than these many.
    """
    if len(targets) != len(entries):
        raise ValueError(f"{len(entries)} entries, but {len(targets)} targets")
    if targets.ndim not in axes:
        raise ValueError(f"targets have shape {targets.shape}, which is not one row for each entry")


def determination(wanted: np.ndarray, found: np.ndarray) -> float:
    """Return 1 - squared errors / squared distances from the mean, over all numbers.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    if wanted.shape != found.shape:
        raise ValueError(f"targets have shape {wanted.shape}, the predictions {found.shape}")
    errors = np.sum((wanted - found) ** 2)
    spread = np.sum((wanted - wanted.mean(axis=0)) ** 2)
    return float(1 - errors / spread) if spread else float(not errors)
