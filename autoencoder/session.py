"""A training session: data, model and trainer built from settings. Nothing here prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from autoencoder.adjustable import LIVE, Adjustable
from autoencoder.architecture import plan_architecture
from autoencoder.comparison import COMPARISON, Comparison, compare
from autoencoder.memory import require_training_memory
from autoencoder.model import AutoEncoder
from autoencoder.model_file import build_model, model_path
from autoencoder.session_images import (
    Images,
    fingerprint,
    generators,
    load_data,
    parts_of,
    training_batches,
)
from autoencoder.settings import TABLE, Settings
from autoencoder.small_folders import decide, start_at_components
from networks import SET, Network, RigL, structure_arrays
from nn import (
    Callback,
    Constant,
    Cosine,
    EarlyStopping,
    ImageBatches,
    Outcome,
    Schedule,
    Snapshot,
    SnapshotError,
    Snapshots,
    Trainer,
    loss_by_name,
    optimizer_by_name,
)
from nn.snapshot import save
from nn.training.learned_state import LearnedState
from nn.training.limits import Limits
from nn.training.lock import FolderLock
from workbench.files import make_directory
from workbench.inspect.examples import Examples, NamedExamples
from workbench.run.changes import LIVE_SETTINGS, SettingChange
from workbench.run.steering import Steering
from workbench.settings.stored import resumed, settings_of
from workbench.settings.table import Given, to_key, to_name

CHANGEABLE = frozenset(
    (
        *("input_directory", "model_directory", "output_directory", "learning_rate", "epochs", "minutes"),
        *("snapshot_interval", "threads", "rung", "storage"),
    )
)
"""Settings that may differ when training goes on; the others decide what the model is."""

LEFT_OPEN = ("start_from", "output_activation", "shifts", "keep")
"""Settings that the number of images decides where they are empty: so they do not differ from what it did."""

LINEAGE = "lineage"
"""What snapshots call the record of what a person changed."""

SCHEDULES: Mapping[str, Callable[[], Schedule]] = {"constant": Constant, "cosine": Cosine}


MOVING = 0.75
"""Share of the steps after which no connection moves any more (Evci et al. 2020)."""

MOVES = 3
"""Tells the draws of moving connections from all others of a seed."""

HALVES = {"0": "encoder", "1": "decoder"}
"""What the two parts of the network are called."""


class Session(Adjustable):
    """Everything a training run needs, ready to train.

    Attributes
    ----------
    settings, model, trainer
        Of the run; `change` goes on with other settings.
    training, held_out
        The images.
    parts
        The parts of the images for training and for monitoring, where some are set apart for that.
    moving
        What moves connections, where the settings want that.
    steering
        Applies a person's changes.
    decided
        Settings that depend on the number of images.
    comparison
        With principal components, since training ended; None before.
    """

    labels: ClassVar[Mapping[str, str]] = HALVES
    decided: frozenset[str] = frozenset()
    comparison: Comparison | None = None

    def __init__(
        self,
        settings: Settings,
        model: AutoEncoder,
        images: Images,
        *,
        generator: np.random.Generator,
    ) -> None:
        self.settings, self.model = settings, model
        self.training, self.held_out = images
        self.fingerprint = fingerprint(self.training)
        self.parts = parts_of(settings, images)
        learned, watched = self.parts
        batches = training_batches(learned, settings)
        self.trainer = Trainer(
            model.network,
            loss_by_name(settings.loss),
            optimizer_by_name(settings.optimizer, settings.learning_rate),
            batches,
            ImageBatches(watched.images, watched.masks) if len(watched) else None,
            batch_size=settings.batch_size,
            generator=generator,
            schedule=SCHEDULES[settings.schedule](),
        )
        self.trainer.limits = Limits(settings.epoch_limit, settings.minutes)
        self.moving = moving_connections(settings, len(batches))
        self.steering = Steering(self)

    def train(self, callbacks: Sequence[Callback] = ()) -> Outcome:
        """Train to the limits of the settings, with snapshots; see `nn.training.Trainer.train`.

        Raises
        ------
        FolderLockedError
            When another process trains in the same model directory.
        SnapshotError
            When the model cannot be saved.
        TrainingDiverged
            When NaN or Inf turns up; the last snapshot is untouched.
        """
        make_directory(self.settings.model_directory)
        with FolderLock(self.settings.model_directory):
            best = EarlyStopping(patience=None, restore_best=True, from_start=True)
            keeps_best = self.settings.keep == "best" and self.trainer.held_out is not None
            return self.train_locked([*callbacks, *([best] if keeps_best else []), Conclusion(self)])

    def conclude(self) -> None:
        """Compare what is kept; where that is a start at components, take all images there are for it.

        Images that are held out stay so: only those that a training without any sets apart come back.
        """
        self.comparison = compare(self.model, self.parts)
        at_start = self.trainer.restored_epoch == 0 and self.settings.start_from == "principal"
        if at_start and not len(self.held_out):
            generator = np.random.default_rng(self.settings.seed)
            start_at_components(self.model, (self.training, self.held_out), generator=generator)
            self.trainer.restore_epoch(LearnedState.of(self.model.network), 0.0)

    def train_locked(self, callbacks: Sequence[Callback] = ()) -> Outcome:
        """Train as `train` does, for a caller that holds the lock of the model directory."""
        limits = self.settings.epoch_limit, self.settings.minutes
        return self.trainer.train(*limits, [*self.moving, *callbacks, ModelSnapshots(self)])

    @property
    def network(self) -> Network:
        """Encoder and decoder as one."""
        return self.model.network

    @cached_property
    def examples(self) -> Mapping[str, Examples]:
        """The images to look at, as they are."""
        sets = {"training": self.training, "held_out": self.held_out}
        return {
            name: NamedExamples(ImageBatches(images.images, images.masks), images.names)
            for name, images in sets.items()
            if len(images)
        }

    def describe(self) -> dict[str, Any]:
        """Return what stays as it is; see `workbench.run.session.Session`."""
        training, held_out, settings = self.training, self.held_out, self.settings
        return {
            "data": {
                "training": len(training),
                "held_out": len(held_out),
                "bytes": training.size_in_bytes + held_out.size_in_bytes,
                "skipped": [[each.path, each.reason] for each in training.skipped],
            },
            "repeats": True,
            "architecture": settings.architecture,
            "machine": {"seed": settings.seed, "rung": settings.rung},
            "live": {key: _describe_setting(key) for key in LIVE_SETTINGS},
        }

    def contents(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what a snapshot holds now: arrays (views, not copies) and metadata."""
        arrays, state = self.trainer.state()
        lineage = self.steering.state()
        metadata = {**self.model.metadata(), "data": self.fingerprint, **state}
        if self.comparison is not None:
            metadata[COMPARISON] = self.comparison.model_dump()
        return (
            {**structure_arrays(self.model.network), **arrays},
            {**metadata, LINEAGE: lineage} if lineage else metadata,
        )


def moving_connections(settings: Settings, entries: int) -> Sequence[Callback]:
    """Return the callback that moves connections, where the settings want one.

    Where the epochs are known, fewer and fewer move, and none in the last quarter of the steps.
    """
    until = None
    if settings.epoch_limit is not None:
        until = max(1, round(MOVING * settings.epoch_limit * -(-entries // settings.batch_size)))
    if settings.moving == "set":
        generator = np.random.default_rng([settings.seed, MOVES])
        return [SET(settings.move_every, until=until, generator=generator)]
    return [RigL(settings.move_every, until=until)] if settings.moving == "rigl" else []


def _describe_setting(key: str) -> dict[str, Any]:
    name = to_name(key)
    choice = TABLE.placeholder(name) == "NAME"
    choices = TABLE.bounds(name).split(", ") if choice else []
    return {"kind": "choice" if choice else "number", "bounds": TABLE.bounds(name), "choices": choices}


class Conclusion(Callback):
    """Concludes a session when its training ends."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def before_end(self, trainer: Trainer) -> None:
        """Conclude, with the network that is kept."""
        self.session.conclude()


class ModelSnapshots(Snapshots):
    """Saves model and training together: at the start, at intervals and at the end."""

    def __init__(self, session: Session) -> None:
        settings = session.settings
        super().__init__(model_path(settings.model_directory), settings.snapshot_interval, {})
        self.session = session

    def on_start(self, trainer: Trainer) -> None:
        """Save, so that training can be resumed at any moment."""
        super().on_start(trainer)
        self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Save the session as it is now, settings and activations that were changed included."""
        save(self.path, *self.session.contents())


def start_session(
    settings: Settings, progress: Callable[[int, int], None] | None = None, *, images: Images | None = None
) -> Session:
    """Load the data and make a new model.

    Parameters
    ----------
    settings
        What to train on what.
    progress
        Called with the number of images read, and of all.
    images
        What `load_data` gives for these settings, where that is in memory already.

    Raises
    ------
    SettingsError, DataError
        When the settings do not fit together, the data or the memory.
    """
    require_training_memory(settings, plan_architecture(settings))
    data, weights, order = generators(settings)
    images = images or load_data(settings, data, progress)
    decided = decide(settings, len(images[0]))
    model = AutoEncoder.create(decided.settings, generator=weights)
    if decided.settings.start_from == "principal":
        start_at_components(model, parts_of(decided.settings, images), generator=weights)
    session = Session(decided.settings, model, images, generator=order)
    session.decided = decided.names if decided.few else frozenset()
    return session


def resume_session(
    settings: Settings,
    snapshot: Snapshot,
    progress: Callable[[int, int], None] | None = None,
    *,
    images: Images | None = None,
) -> Session:
    """Load the data again and continue training from a snapshot.

    Parameters
    ----------
    settings
        Those of the snapshot, but for what may change; see `resumed_settings`.
    snapshot
        Of a session.
    progress, images
        As for `start_session`.

    Raises
    ------
    SettingsError, DataError, SnapshotError
        When the snapshot cannot be used, or the data are not those it was trained on.
    """
    require_training_memory(settings, plan_architecture(settings))
    data, _, order = generators(settings)
    model = build_model(snapshot, settings)
    images = images or load_data(settings, data, progress)
    session = Session(settings, model, images, generator=order)
    if snapshot.metadata.get("data") != session.fingerprint:
        raise SnapshotError(
            f"{snapshot.path}: was trained on other images than {settings.input_directory or 'the built-in'} "
            f"holds now ({snapshot.metadata.get('data')}, now {session.fingerprint})"
        )
    session.trainer.restore(snapshot)
    session.trainer.optimizer.learning_rate = settings.learning_rate
    _restore_lineage(session, snapshot)
    return session


def _restore_lineage(session: Session, snapshot: Snapshot) -> None:
    """Clamp and lock as before, and remember what the settings to go on with change."""
    before = TABLE.texts(TABLE.make(settings_of(snapshot)))
    steering, after = session.steering, TABLE.texts(session.settings)
    try:
        steering.load_state(snapshot.metadata.get(LINEAGE) or {"settings": before, "changes": []})
    except (ValueError, TypeError, KeyError) as error:
        raise SnapshotError(f"{snapshot.path}: its {LINEAGE} cannot be used: {error}") from error
    changed = [{"name": to_key(name), "value": after[name]} for name in LIVE if after[name] != before[name]]
    if changed:
        steering.note([SettingChange.model_validate(each) for each in changed])


def resumed_settings(given: Mapping[str, Given], snapshot: Snapshot) -> Settings:
    """Return the settings to go on with; see `workbench.settings.stored.resumed`."""
    given = {name: each for name, each in given.items() if name not in LEFT_OPEN or each.value.strip()}
    made = f"the model in {snapshot.path} was made"
    return resumed(TABLE, given, snapshot, CHANGEABLE, made=made, instead="leave it out or train anew")
