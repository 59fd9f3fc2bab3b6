"""Estimator: the base of networks with scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import numpy as np

from networks.base import scikit_learn_conventions
from networks.base.building import built
from networks.base.checks import check_network
from networks.base.entries import checked_step_masks
from networks.base.estimator_inputs import as_entries
from networks.base.network import Network
from networks.base.recipe import Recipe
from networks.dense_o2 import Dense
from networks.sequential import Sequential
from nn.activations import Activation, Identity, LeakyReLU
from nn.argument_checks import check_below_one, check_not_negative, is_positive
from nn.axes_of_one import match_input_shape, match_target_shape
from nn.lookup import look_up
from nn.losses import Loss
from nn.optimizers import optimizer_by_name
from nn.shape import AnyShape, Shape, as_shape
from nn.training import ArrayBatches, Callback, EarlyStopping, Options, Trainer
from nn.training.interrupts import INTERRUPTED
from nn.training.log import LogRow

BuildNetwork: TypeAlias = Callable[[AnyShape, AnyShape, np.random.Generator], Network]
"""Makes a network from its input shape, its output shape and the generator of its weights."""


HIDDEN = (100,)
"""Units of the hidden layers by default."""


def layers_of(
    sizes: Sequence[AnyShape],
    generator: np.random.Generator,
    last: Activation = Identity(),  # noqa: B008
) -> Sequential:
    """Return dense layers between shapes, all but the last with leaky rectifiers."""
    first, *hidden, outputs = sizes
    layers = [
        *(Dense.of(each, activation=LeakyReLU()) for each in hidden),
        Dense.of(outputs, activation=last),
    ]
    return Sequential(first, layers, generator=generator)


class Task(NamedTuple):
    """What is to be learned: entries, what belongs to them, how much each counts, and the loss.

    Of sequences also which steps are there, bool (N, T).
    """

    entries: np.ndarray
    targets: np.ndarray | None
    weights: np.ndarray | None
    outputs: AnyShape
    loss: Loss
    step_masks: np.ndarray | None = None

    def batches(self, dtype: np.dtype) -> ArrayBatches:
        """Return a source of the entries with a weight above zero, scaled to a largest weight of 1."""
        if self.weights is None:
            return ArrayBatches(self.entries, self.targets, step_masks=self.step_masks, dtype=dtype)
        counted = self.weights > 0
        targets = None if self.targets is None else self.targets[counted]
        steps = None if self.step_masks is None else self.step_masks[counted]
        masks = (self.weights / self.weights.max())[counted]
        return ArrayBatches(self.entries[counted], targets, masks, steps, dtype=dtype)


@dataclass(eq=False, repr=False)
class Estimator:
    """What all estimators share.

    `fit` either succeeds or leaves the estimator as it was. Ctrl-C while it trains ends it after the step,
    with a warning, and keeps what was learned so far.

    Attributes
    ----------
    hidden
        Units of the dense layers between input and output; None stands for `HIDDEN`. Must be None where
        `network` is given, which has its own layers.
    network
        Another network: a recipe, such as `Sequential.of([LSTM.of(units=32), Dense.of(10)])`, or a function
        that makes one, see `BuildNetwork`. Inputs (N, K) are vectors of shape 1x1xK, (N, T, K) sequences,
        (N, H, W, C) images.
    optimizer, learning_rate
        By name; see `nn.optimizers`.
    epochs, batch_size
        How long to train, and how many entries a step has. A single entry left over at the end of an epoch
        joins the batch before it: a batch normalisation could not measure it alone.
    validation_fraction, patience
        Share of the entries that is held out, and after how many epochs without a lower loss on them
        training stops; with 0 and None nothing is held out and training does not stop early.
    seed
        Of all random draws.
    network_
        The trained network.
    history_
        A row for every epoch; see `nn.training.LogRow`.
    n_features_in_
        Numbers in an entry.
    feature_names_in_
        Names of the columns, objects (K,), where entries came as a table whose columns are named by text.
    """

    hidden: Sequence[int] | None = None
    network: Recipe[Network] | BuildNetwork | None = field(default=None, kw_only=True)
    optimizer: str = field(default="adam", kw_only=True)
    learning_rate: float = field(default=0.001, kw_only=True)
    epochs: float = field(default=20, kw_only=True)
    batch_size: int = field(default=64, kw_only=True)
    validation_fraction: float = field(default=0.0, kw_only=True)
    patience: int | None = field(default=None, kw_only=True)
    seed: int = field(default=0, kw_only=True)

    network_: Network = field(init=False)
    history_: list[LogRow] = field(init=False)
    n_features_in_: int = field(init=False)
    feature_names_in_: np.ndarray = field(init=False)

    estimator_type: ClassVar[str]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor by name; nothing is nested, so `deep` changes nothing."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def set_params(self, **parameters: Any) -> Self:
        """Set arguments of the constructor.

        Raises
        ------
        ValueError
            When there is no such argument; the message suggests the nearest.
        """
        known = self.get_params()
        for name in parameters:
            look_up(known, name, f"parameter of {type(self).__name__}")
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {each.name: each.default for each in fields(self)}
        given = ((name, repr(value), repr(defaults[name])) for name, value in self.get_params().items())
        changed = (f"{name}={value}" for name, value, default in given if value != default)
        return f"{type(self).__name__}({', '.join(changed)})"

    def _repr_html_(self) -> str | None:
        return scikit_learn_conventions.html(self)

    def __sklearn_tags__(self) -> Any:
        """Return the kind of estimator, for scikit-learn."""
        return scikit_learn_conventions.tags(self.estimator_type)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether it has been fitted."""
        return "network_" in vars(self)

    def _learn(self, task: Task, X: Any, **learned: Any) -> Self:
        """Train a new network, and keep it and everything else that was learned only after that."""
        owner = type(self).__name__
        check_not_negative(f"{owner}: epochs", self.epochs)
        fraction = check_below_one(f"{owner}: validation_fraction", self.validation_fraction)
        if (self.patience is not None) != (fraction > 0):
            raise ValueError("early stopping needs both a patience and a validation fraction above 0")
        weights, order, held = map(np.random.default_rng, np.random.SeedSequence(self.seed).spawn(3))
        network = self._built(as_shape(task.entries.shape[1:]), task.outputs, weights)
        training, held_out = task.batches(network.dtype), None
        if fraction:
            training, held_out = training.split(fraction, generator=held)
        callbacks: list[Callback] = []
        if self.patience is not None:
            callbacks.append(EarlyStopping("held_out_loss", patience=self.patience, restore_best=True))
        optimizer = optimizer_by_name(self.optimizer, self.learning_rate)
        trainer = Trainer(
            network,
            task.loss,
            optimizer,
            training,
            held_out,
            batch_size=self.batch_size,
            generator=order,
            options=Options(last_batch="merge" if self._leaves_one(len(training)) else "keep"),
        )
        outcome = trainer.train(epochs=self.epochs, callbacks=callbacks)
        if outcome.reason == INTERRUPTED:
            self._warn_of_interrupt(trainer)
        names = scikit_learn_conventions.column_names(X)
        learned |= {"network_": network, "history_": trainer.rows, "n_features_in_": network.input_shape.size}
        learned |= {} if names is None else {"feature_names_in_": np.array(names, object)}
        before = {name: value for name, value in vars(self).items() if not name.endswith("_")}
        self.__dict__ = before | learned  # at once: an interrupt finds all of it or none
        return self

    def _leaves_one(self, entries: int) -> bool:
        """Return whether the last batch of an epoch would be a single entry."""
        size = self.batch_size
        return is_positive(size) and entries > size > 1 and entries % size == 1

    def _warn_of_interrupt(self, trainer: Trainer) -> None:
        if not trainer.step:
            raise KeyboardInterrupt
        scikit_learn_conventions.warn(
            f"{type(self).__name__}: training was interrupted after {trainer.shuffle.epochs:.3g} of "
            f"{self.epochs} epochs; what was learned by then is kept"
        )

    def _built(self, inputs: AnyShape, outputs: AnyShape, generator: np.random.Generator) -> Network:
        """Return a new network for inputs and outputs of these shapes."""
        owner = type(self).__name__
        maker = self.network
        if maker is None:
            return self._dense(inputs, outputs, generator)
        if self.hidden is not None:
            raise ValueError(
                f"{owner}: hidden {self.hidden!r} does not apply to a network of your own: leave one out"
            )
        if isinstance(maker, Recipe):
            network = built(f"{owner}: network", maker, inputs, generator=generator)
        elif isinstance(maker, Network | type) or not callable(maker):
            what = f"the class {maker.__name__}" if isinstance(maker, type) else f"a {type(maker).__name__}"
            raise ValueError(
                f"{owner}: network is {what}: give a recipe, such as Sequential.of([Dense.of(2)]), "
                "or a function that makes a network"
            )
        else:
            network = maker(inputs, outputs, generator)
        check_network(f"{owner}: what network(...) made", network)
        if network is vars(self).get("network_"):
            raise ValueError(f"{owner}: network(...) gave the network trained before: let it make a new one")
        takes, returns = network.input_shape, network.output_shape
        if match_input_shape(inputs, takes) != takes or match_target_shape(outputs, returns) != returns:
            raise ValueError(
                f"{owner}: network(...) made one from {takes} to {returns}, not "
                f"from {inputs}, which entries are, to {outputs}"
            )
        return network

    def _dense(self, inputs: AnyShape, outputs: AnyShape, generator: np.random.Generator) -> Network:
        return layers_of([inputs, *self._hidden_shapes(), outputs], generator)

    def _hidden_shapes(self) -> list[Shape]:
        hidden, owner = HIDDEN if self.hidden is None else self.hidden, type(self).__name__
        if not isinstance(hidden, Sequence) or not all(isinstance(units, Integral) for units in hidden):
            raise ValueError(f"{owner}: hidden {hidden!r} must be the units of every layer, such as (100,)")
        return [Shape(1, 1, int(units)) for units in hidden]

    def _check_y(self, y: Any) -> None:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise scikit_learn_conventions.not_fitted(
                f"This {type(self).__name__} is not fitted yet: call fit first"
            )

    def _given(self, X: Any, step_masks: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the entries to learn from, and the masks of their steps."""
        masks = checked_step_masks(step_masks, type(self).__name__)
        return as_entries(X, scikit_learn_conventions.column_names(X), masks), masks

    def _entries(self, X: Any, step_masks: np.ndarray | None = None) -> np.ndarray:
        """Return entries of the shape that was learned, (N, *input_shape)."""
        self._check_fitted()
        names, owner = scikit_learn_conventions.column_names(X), type(self).__name__
        scikit_learn_conventions.check_columns(owner, getattr(self, "feature_names_in_", None), names)
        entries, shape = as_entries(X, names, step_masks), self.network_.input_shape
        given = as_shape(entries.shape[1:])
        if match_input_shape(given, shape) == shape:
            return entries
        if given.size != shape.size and shape[:2] == given[:2] == (1, 1):
            raise ValueError(
                f"X has {given.size} features, but {owner} is expecting {shape.size} features as input"
            )
        raise ValueError(f"X has entries of {given}, but {owner} is expecting {shape}")

    def _run(self, X: Any, step_masks: Any = None) -> np.ndarray:
        """Return the outputs (N, K) for entries."""
        masks = checked_step_masks(step_masks, type(self).__name__)
        entries = self._entries(X, masks)
        return self.network_.predict(entries, step_masks=masks).reshape(len(entries), -1)
