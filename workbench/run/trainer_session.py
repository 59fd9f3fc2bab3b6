"""The session of a program's own trainer: its settings and its examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from networks import Network, model_metadata, structure_arrays
from nn import (
    Batch,
    BatchSource,
    Callback,
    LeakyReLU,
    Optimizer,
    Outcome,
    Snapshot,
    SnapshotError,
    Trainer,
    TrainingMemoryError,
    optimizer_by_name,
)
from nn.optimizers import OPTIMIZERS
from nn.training.batch_shapes import reshape_batch
from nn.training.limits import Limits
from nn.training.memory import require_memory_to_change
from workbench.errors import SettingsError
from workbench.inspect.examples import Examples, NamedExamples, in_order_of_inputs
from workbench.run.steering import Steering
from workbench.run.trainer_settings import BOUNDS, TrainerSettings, settings_of

LINEAGE = "lineage"
"""What snapshots call the record of what a person changed."""


class TrainerSession:
    """A trainer that is steered and inspected; see `workbench.run.session.Session`.

    Parameters
    ----------
    trainer
        Between two steps, with a network of `networks`.

    Attributes
    ----------
    trainer, settings, steering
        Of the session.
    outcome
        Of the last training; None before.
    """

    labels: ClassVar[Mapping[str, str]] = {}

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.settings = settings_of(trainer)
        self._own_optimizer = trainer.optimizer
        self.steering = Steering(self)
        self.outcome: Outcome | None = None

    @property
    def network(self) -> Network:
        """What is trained."""
        network = self.trainer.network
        assert isinstance(network, Network)
        return network

    @property
    def fingerprint(self) -> str:
        """The number of examples: nothing else is known of data that may be generated."""
        return f"{len(self.trainer.batches)} examples"

    @cached_property
    def examples(self) -> Mapping[str, Examples]:
        """The entries of the trainer's data by number."""
        sources = {"training": self.trainer.batches, "held_out": self.trainer.held_out}
        return {
            name: NamedExamples(ReshapedBatches(source, self.network))
            for name, source in sources.items()
            if source is not None
        }

    def texts(self) -> dict[str, str]:
        """Return all settings as texts, by field."""
        return self.settings.texts()

    def checked_texts(
        self, texts: Mapping[str, str], before: TrainerSettings | None = None
    ) -> TrainerSettings:
        """Return settings with some changed; see `Session.checked_texts`."""
        before = before or self.settings
        if "leakage" in texts and before.leakage is None:
            raise SettingsError("leakage: this network has no leaky ReLUs of one slope")
        after = before.changed(texts)
        self._require_memory(after)
        return after

    def use(self, settings: TrainerSettings) -> None:
        """Apply settings that `checked_texts` returned, between two steps."""
        before, trainer = self.settings, self.trainer
        if settings.batch_size != before.batch_size:
            trainer.use_batch_size(settings.batch_size)
        if settings.optimizer != before.optimizer:
            trainer.use_optimizer(self._optimizer(settings))
        trainer.optimizer.learning_rate = settings.learning_rate
        if settings.leakage != before.leakage and settings.leakage is not None:
            slope = LeakyReLU(settings.leakage)
            self.network.map_activations(lambda old: slope if isinstance(old, LeakyReLU) else old)
        trainer.limits = Limits(settings.epochs, settings.minutes)
        self.settings = settings

    def _optimizer(self, settings: TrainerSettings) -> Optimizer:
        """Return the optimizer that settings name: the program's own where they name none."""
        if not settings.optimizer:
            return self._own_optimizer
        return optimizer_by_name(settings.optimizer, settings.learning_rate)

    def _require_memory(self, settings: TrainerSettings) -> None:
        before, trainer = self.settings, self.trainer
        if (settings.batch_size, settings.optimizer) == (before.batch_size, before.optimizer):
            return
        same, entries = settings.optimizer == before.optimizer, len(trainer.batches)
        optimizer = trainer.optimizer if same else self._optimizer(settings)
        now = trainer.optimizer, min(before.batch_size, entries)
        try:
            require_memory_to_change(trainer.network, now, (optimizer, min(settings.batch_size, entries)))
        except TrainingMemoryError as error:
            raise SettingsError(str(error)) from error

    def go_back(self, snapshot: Snapshot) -> None:
        """Restore trainer, settings, clamps and locks from a snapshot of this run.

        Raises
        ------
        SnapshotError
            When it is not one; nothing is changed then.
        """
        before = self.settings
        try:
            texts = {name.replace("_", "-"): text for name, text in snapshot.metadata["settings"].items()}
            self.use(before.changed(texts))
            self.trainer.restore(snapshot)
            self.trainer.optimizer.learning_rate = self.settings.learning_rate
            self.steering.go_back(snapshot.metadata.get(LINEAGE))
        except (KeyError, TypeError, ValueError, SnapshotError) as error:
            self.use(before)
            raise SnapshotError(f"{snapshot.path}: this run cannot return to it: {error}") from error

    def describe(self) -> dict[str, Any]:
        """Return what never changes; see `Session.describe`."""
        held_out = self.trainer.held_out
        return {
            "data": {
                "training": len(self.trainer.batches),
                "held_out": 0 if held_out is None else len(held_out),
                "bytes": 0,
                "skipped": [],
            },
            "architecture": " > ".join(layer.family for layer in self.network.layers),
            "machine": {},
            "repeats": self.examples["training"].at(np.arange(1)).repeats,
            "live": {key: _described(key, self.settings) for key in BOUNDS},
        }

    def contents(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what a snapshot holds now; `networks.model_file.load_model` reads the model in it."""
        arrays, state = self.trainer.state()
        lineage = self.steering.state()
        metadata = {**model_metadata(self.network), "settings": self.texts(), **state}
        return (
            {**structure_arrays(self.network), **arrays},
            {**metadata, LINEAGE: lineage} if lineage else metadata,
        )

    def train_locked(self, callbacks: Sequence[Callback] = ()) -> Outcome:
        """Train to the limits."""
        limits = self.trainer.limits
        self.outcome = self.trainer.train(limits.epochs, limits.minutes, callbacks)
        return self.outcome


class ReshapedBatches:
    """A source whose batches have the axes, and the order of inputs, that a network gives them.

    Parameters
    ----------
    source
        Asked for entries.
    network
        Takes them.
    """

    def __init__(self, source: BatchSource, network: Network) -> None:
        self._source, self._network = source, network

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._source)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the entries at `indices`, int (n,)."""
        return in_order_of_inputs(reshape_batch(self._source.batch(indices), self._network), self._network)


def _described(key: str, settings: TrainerSettings) -> dict[str, Any]:
    if key != "optimizer":
        absent = key == "leakage" and settings.leakage is None
        return {"kind": "none" if absent else "number", "bounds": BOUNDS[key], "choices": []}
    return {"kind": "choice", "bounds": BOUNDS[key], "choices": ["", *OPTIMIZERS]}
