"""A run: clips, network and trainer from settings, what watches it, and snapshots of all of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from experiments.video.data import VideoData, load_data
from experiments.video.folder import RunFolder, build, described
from experiments.video.reports import Reports
from experiments.video.scores import Means, means, reference_errors
from experiments.video.settings import TABLE, Settings, blueprint_of, head_weights
from experiments.video.watchers import Pictures
from networks.video import ClipBatches, video_trainer
from networks.video.blueprint import SQUEEZED
from nn import (
    L1,
    L2,
    Best,
    Callback,
    ClipByGlobalNorm,
    ClipByValue,
    Clipping,
    EarlyStopping,
    Outcome,
    Regularizer,
    Snapshot,
    SnapshotError,
    Snapshots,
    optimizer_by_name,
    schedule_by_name,
)
from nn.training.limits import Limits
from workbench.files import write_array, write_text
from workbench.run.run_state import PAUSED
from workbench.settings.configuration_file import write_configuration
from workbench.settings.stored import resumed
from workbench.settings.table import Given

SQUEEZED_WARNING = (
    "a sigmoid of a tanh reaches 0.269 to 0.731 only, so that black and white are never reached whatever is "
    "learned: this is to be seen failing; --last sigmoid learns"
)

logger = logging.getLogger(__name__)

CHANGEABLE = frozenset(
    (
        *("data", "test_data", "test_clips", "folder", "threads", "rung"),
        *("steps", "minutes", "patience", "animate_every", "shown", "frame_rate", "snapshot_interval"),
    )
)
"""Settings that may differ when training goes on; the others decide what the model is."""


class Run:
    """A training run.

    Parameters
    ----------
    settings
        Of the run.
    data
        What they name.

    Attributes
    ----------
    folder
        Where everything goes.
    trainer
        Of the network.
    references
        What is reached on the validation clips without a network: means by head, row and error.

    Raises
    ------
    SettingsError, DataError
        When settings and data do not go together.
    """

    def __init__(self, settings: Settings, data: VideoData) -> None:
        self.settings, self.data, self.folder = settings, data, RunFolder(settings.run_folder)
        weights, order = (np.random.default_rng([settings.seed, place]) for place in (5, 7))
        self.network = build(settings, weights)
        blueprint = self.network.blueprint
        if blueprint.last == SQUEEZED:
            logger.warning("--last %s: %s", SQUEEZED, SQUEEZED_WARNING)
        epoch = settings.report_every * settings.batch_size
        self.trainer = video_trainer(
            self.network,
            optimizer_by_name(settings.optimizer, settings.learning_rate),
            ClipBatches(data.training, blueprint, count=epoch),
            ClipBatches(data.validation, blueprint),
            batch_size=settings.batch_size,
            generator=order,
            weights=head_weights(settings),
            schedule=schedule_by_name(settings.schedule),
            clipping=_clipping(settings),
            regularizers=_regularizers(settings),
            endless=True,
        )
        self.references: Means = means(reference_errors(data.validation, data.probe, blueprint))
        self.reports = Reports(self.network, data.probe, self.folder.table)
        self._pictures = Pictures(self)

    @classmethod
    def start(cls, settings: Settings) -> Run:
        """Load the data and make a new network."""
        return cls(settings, load_data(settings, blueprint_of(settings).steps))

    @classmethod
    def resume(cls, settings: Settings, snapshot: Snapshot) -> Run:
        """Load the data again and go on from a snapshot.

        Raises
        ------
        SettingsError, DataError
            When the data cannot be used.
        SnapshotError
            When the snapshot cannot be used, or the data are not those it was trained on.
        """
        run = cls.start(settings)
        check_data(snapshot, settings, run.data)
        run.trainer.restore(snapshot)
        return run

    @property
    def limits(self) -> Limits:
        """Where training ends."""
        steps = self.settings.step_limit
        # half a step less: a share of epochs that is rounded must not add one
        epochs = None if steps is None else (steps - 0.5) / self.settings.report_every
        return Limits(epochs, self.settings.minutes)

    @cached_property
    def _snapshots(self) -> Snapshots:
        return _FromTheStart(self.folder.model, self.settings.snapshot_interval, self.metadata())

    @cached_property
    def _watchers(self) -> list[Callback]:
        """What watches training, in all its stretches."""
        patience, best = self.settings.patience, Best(self.folder.best, metadata=self.metadata())
        stopping = [] if patience is None else [EarlyStopping(patience=patience)]
        return [self.reports, self._pictures, best, *stopping]

    def train(self, callbacks: Sequence[Callback] = ()) -> Outcome:
        """Train to the limits of the settings, with reports, pictures and snapshots.

        Where somebody on a page stopped it, it goes on when this is called again, and `finish` draws what
        came of it.

        Raises
        ------
        TrainingDiverged
            When NaN or Inf turns up; the last snapshot is untouched.
        """
        outcome = self.trainer.train(*self.limits, [*self._watchers, *callbacks, self._snapshots])
        if outcome.reason != PAUSED:
            self._pictures.draw(self.trainer.step)
        return outcome

    def step(self, callbacks: Sequence[Callback] = ()) -> None:
        """Train for a step, after `train` with the same callbacks.

        Raises
        ------
        TrainingDiverged
            As `train`.
        """
        self.trainer.advance([*self._watchers, *callbacks, self._snapshots])

    def finish(self) -> None:
        """Save and draw what came of training that somebody stopped."""
        self._snapshots.save(self.trainer)
        self._pictures.draw(self.trainer.step)

    def metadata(self) -> dict[str, Any]:
        """Return what a snapshot holds beside the state of training."""
        return {**described(self.settings), "data": self.data.fingerprint}

    def write_description(self) -> None:
        """Write settings, version of the code, and the clips that are shown."""
        folder = self.folder
        write_text(folder.settings, write_configuration(self.settings, TABLE))
        write_text(folder.version, json.dumps(described(self.settings)["version"], indent=2) + "\n")
        write_array(folder.clips, self.shown)

    @property
    def shown(self) -> np.ndarray:
        """The validation clips that animations show."""
        return self.data.validation[: self.settings.shown]


class _FromTheStart(Snapshots):
    """Saves at the start too, so that a run can go on at any moment."""

    def on_start(self, trainer: Any) -> None:
        """Save."""
        super().on_start(trainer)
        self.save(trainer)


def check_data(snapshot: Snapshot, settings: Settings, data: VideoData) -> None:
    """Refuse data that are not those of a snapshot.

    Raises
    ------
    SnapshotError
        Saying what to do.
    """
    if snapshot.metadata.get("data") != data.fingerprint:
        raise SnapshotError(
            f"{snapshot.path}: was trained on other clips than {settings.data} gives now "
            f"({snapshot.metadata.get('data')}, now {data.fingerprint}): say where those are, --data"
        )


def resumed_settings(given: Mapping[str, Given], snapshot: Snapshot) -> Settings:
    """Return the settings to go on with; see `workbench.settings.stored.resumed`."""
    begun = f"the run in {snapshot.path.parent} was begun"
    instead = "leave it out, or train anew in another folder"
    return resumed(TABLE, given, snapshot, CHANGEABLE, made=begun, instead=instead)


def _clipping(settings: Settings) -> Clipping | None:
    if settings.clip_norm:
        return ClipByGlobalNorm(settings.clip_norm)
    return ClipByValue(settings.clip_value) if settings.clip_value else None


def _regularizers(settings: Settings) -> list[Regularizer]:
    penalties = ((L1, settings.l1), (L2, settings.l2))
    return [penalty(rate) for penalty, rate in penalties if rate]
