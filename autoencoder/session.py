"""A training session: data, model and trainer put together from settings. Nothing here prints."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autoencoder.architecture import plan_architecture
from autoencoder.errors import SettingsError
from autoencoder.files import make_directory
from autoencoder.memory import require_training_memory
from autoencoder.model import AutoEncoder
from autoencoder.model_file import build_model, model_path, settings_of
from autoencoder.settings import Settings, to_key
from autoencoder.validation import Given, make_settings
from networks.model_file import structure_arrays
from nn.data import ImageSet, load_images
from nn.losses import loss_by_name
from nn.optimizers import optimizer_by_name
from nn.schedules import Constant, Cosine, Schedule
from nn.snapshot import Snapshot, SnapshotError
from nn.training import Outcome, Trainer
from nn.training.batches import ImageBatches
from nn.training.callbacks import Callback, Snapshots
from nn.training.lock import FolderLock

CHANGEABLE = frozenset(
    (
        *("input_directory", "model_directory", "output_directory", "learning_rate", "epochs", "minutes"),
        *("snapshot_interval", "threads", "rung"),
    )
)
"""Settings that may differ when training goes on; the others decide what the model is."""

SCHEDULES: Mapping[str, Callable[[], Schedule]] = {"constant": Constant, "cosine": Cosine}


class Session:
    """Everything a training run needs, ready to train.

    Attributes
    ----------
    settings, model, trainer
        Of the run.
    training, held_out
        The images.
    """

    def __init__(
        self,
        settings: Settings,
        model: AutoEncoder,
        images: tuple[ImageSet, ImageSet],
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
        limits = self.settings.epoch_limit, self.settings.minutes
        make_directory(self.settings.model_directory)
        with FolderLock(self.settings.model_directory):
            return self.trainer.train(*limits, [*callbacks, ModelSnapshots(self)])


class ModelSnapshots(Snapshots):
    """Saves model and training together: at the start, at intervals and at the end."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            model_path(session.settings.model_directory),
            session.settings.snapshot_interval,
            {**session.model.metadata(), "data": session.fingerprint},
            structure_arrays(session.model.network),
        )

    def on_start(self, trainer: Trainer) -> None:
        """Save, so that there is something to go on from at any moment."""
        super().on_start(trainer)
        self.save(trainer)


def start_session(settings: Settings, progress: Callable[[int, int], None] | None = None) -> Session:
    """Load the data and make a new model.

    Parameters
    ----------
    settings
        What to train on what.
    progress
        Told how many images are read, of how many.

    Raises
    ------
    SettingsError, DataError
        When the settings do not fit together, the data or the memory.
    """
    architecture = plan_architecture(settings)
    require_training_memory(settings, architecture)
    data, weights, order = generators(settings)
    images = load_data(settings, data, progress)
    return Session(settings, AutoEncoder.create(settings, generator=weights), images, generator=order)


def resume_session(
    settings: Settings, snapshot: Snapshot, progress: Callable[[int, int], None] | None = None
) -> Session:
    """Load the data again and let training go on from a snapshot.

    Parameters
    ----------
    settings
        Those of the snapshot, but for what may change; see `resumed_settings`.
    snapshot
        Of a session.
    progress
        Told how many images are read, of how many.

    Raises
    ------
    SettingsError, DataError, SnapshotError
        When the snapshot cannot be used, or the data are not those it was trained on.
    """
    require_training_memory(settings, plan_architecture(settings))
    data, _, order = generators(settings)
    model = build_model(snapshot, settings)
    session = Session(settings, model, load_data(settings, data, progress), generator=order)
    if snapshot.metadata.get("data") != session.fingerprint:
        raise SnapshotError(
            f"{snapshot.path}: was trained on other images than {settings.input_directory or 'the built-in'} "
            f"holds now ({snapshot.metadata.get('data')}, now {session.fingerprint})"
        )
    session.trainer.restore(snapshot)
    session.trainer.optimizer.learning_rate = settings.learning_rate
    return session


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
) -> tuple[ImageSet, ImageSet]:
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
