"""A training session: data, model and trainer put together from settings. Nothing here prints."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autoencoder.adjustable import LIVE, Adjustable
from autoencoder.architecture import plan_architecture
from autoencoder.errors import SettingsError
from autoencoder.files import make_directory
from autoencoder.live.changes import SettingChange
from autoencoder.live.steering import Steering
from autoencoder.memory import require_training_memory
from autoencoder.model import AutoEncoder
from autoencoder.model_file import build_model, model_path, settings_of
from autoencoder.settings import Settings, settings_texts, to_key
from autoencoder.validation import Given, make_settings
from networks.model_file import structure_arrays
from nn.data import ImageSet, load_images
from nn.losses import loss_by_name
from nn.optimizers import optimizer_by_name
from nn.schedules import Constant, Cosine, Schedule
from nn.snapshot import Snapshot, SnapshotError, save
from nn.training import Outcome, Trainer
from nn.training.batches import ImageBatches
from nn.training.callbacks import Callback, Snapshots
from nn.training.limits import Limits
from nn.training.lock import FolderLock

CHANGEABLE = frozenset(
    (
        *("input_directory", "model_directory", "output_directory", "learning_rate", "epochs", "minutes"),
        *("snapshot_interval", "threads", "rung", "storage"),
    )
)
"""Settings that may differ when training goes on; the others decide what the model is."""

LINEAGE = "lineage"
"""What snapshots call the record of what a person changed."""

Images: TypeAlias = tuple[ImageSet, ImageSet]
"""Those to train on, and those held out."""

SCHEDULES: Mapping[str, Callable[[], Schedule]] = {"constant": Constant, "cosine": Cosine}


class Session(Adjustable):
    """Everything a training run needs, ready to train.

    Attributes
    ----------
    settings, model, trainer
        Of the run; `change` goes on with other settings.
    training, held_out
        The images.
    steering
        Changes what a person wants changed.
    """

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
        self.trainer = Trainer(
            model.network,
            loss_by_name(settings.loss),
            optimizer_by_name(settings.optimizer, settings.learning_rate),
            ImageBatches(self.training.images, self.training.masks),
            ImageBatches(self.held_out.images, self.held_out.masks) if len(self.held_out) else None,
            batch_size=settings.batch_size,
            generator=generator,
            schedule=SCHEDULES[settings.schedule](),
        )

        self.trainer.limits = Limits(settings.epoch_limit, settings.minutes)
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
            return self.train_locked(callbacks)

    def train_locked(self, callbacks: Sequence[Callback] = ()) -> Outcome:
        """Train as `train` does, for a caller that holds the lock of the model directory."""
        limits = self.settings.epoch_limit, self.settings.minutes
        return self.trainer.train(*limits, [*callbacks, ModelSnapshots(self)])

    def contents(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what a snapshot holds now: arrays (views, not copies) and metadata."""
        arrays, state = self.trainer.state()
        lineage = self.steering.state()
        metadata = {**self.model.metadata(), "data": self.fingerprint, **state}
        return (
            {**structure_arrays(self.model.network), **arrays},
            {**metadata, LINEAGE: lineage} if lineage else metadata,
        )


class ModelSnapshots(Snapshots):
    """Saves model and training together: at the start, at intervals and at the end."""

    def __init__(self, session: Session) -> None:
        settings = session.settings
        super().__init__(model_path(settings.model_directory), settings.snapshot_interval, {})
        self.session = session

    def on_start(self, trainer: Trainer) -> None:
        """Save, so that there is something to go on from at any moment."""
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
        Told how many images are read, of how many.
    images
        What `load_data` gives for these settings, where that is in memory already.

    Raises
    ------
    SettingsError, DataError
        When the settings do not fit together, the data or the memory.
    """
    architecture = plan_architecture(settings)
    require_training_memory(settings, architecture)
    data, weights, order = generators(settings)
    images = images or load_data(settings, data, progress)
    return Session(settings, AutoEncoder.create(settings, generator=weights), images, generator=order)


def resume_session(
    settings: Settings,
    snapshot: Snapshot,
    progress: Callable[[int, int], None] | None = None,
    *,
    images: Images | None = None,
) -> Session:
    """Load the data again and let training go on from a snapshot.

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
    before = settings_texts(make_settings(settings_of(snapshot)))
    steering, after = session.steering, settings_texts(session.settings)
    try:
        steering.load_state(snapshot.metadata.get(LINEAGE) or {"settings": before, "changes": []})
    except (ValueError, TypeError, KeyError) as error:
        raise SnapshotError(f"{snapshot.path}: its {LINEAGE} cannot be used: {error}") from error
    changed = [{"name": to_key(name), "value": after[name]} for name in LIVE if after[name] != before[name]]
    if changed:
        steering.note([SettingChange.model_validate(each) for each in changed])


def resumed_settings(given: Mapping[str, Given], snapshot: Snapshot) -> Settings:
    """Return the settings to go on with: those of the snapshot, and what is given instead.

    Raises
    ------
    SettingsError
        When something is given that must not change, naming its place and both values.
    """
    stored = settings_of(snapshot)
    before, after = make_settings(stored), make_settings({**stored, **given})
    for name in given.keys() - CHANGEABLE:
        if getattr(before, name) != getattr(after, name):
            raise SettingsError(
                f"{given[name].place}={given[name].value}: the model in {snapshot.path} was made with "
                f"{to_key(name)}={stored[name].value}, and goes on with that: leave it out or train anew"
            )
    return after


def load_data(
    settings: Settings, generator: np.random.Generator, progress: Callable[[int, int], None] | None = None
) -> Images:
    """Load the training and the held-out images that the settings name."""
    return load_images(
        settings.input_directory,
        settings.shape,
        fit=settings.fit,
        generator=generator,
        held_out_fraction=settings.held_out,
        crops_per_image=settings.crops,
        limit=settings.limit,
        progress=progress,
    )


def generators(settings: Settings) -> tuple[np.random.Generator, np.random.Generator, np.random.Generator]:
    """Return independent generators for the data, the weights and the order of training."""
    data, weights, order = np.random.SeedSequence(settings.seed).spawn(3)
    return np.random.default_rng(data), np.random.default_rng(weights), np.random.default_rng(order)


def fingerprint(images: ImageSet) -> str:
    """Return a short text that changes with any pixel or mask."""
    digest = hashlib.sha256(np.ascontiguousarray(images.images).data)
    if images.masks is not None:
        digest.update(np.ascontiguousarray(images.masks).data)
    return f"{len(images)} images, sha256 {digest.hexdigest()[:16]}"
