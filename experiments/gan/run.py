"""A run: data, networks and trainer from settings, what watches it, and snapshots of all of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.gan.data import Data, Progress, load_data, naming
from experiments.gan.folder import RunFolder, described, form_of
from experiments.gan.region import region_of
from experiments.gan.sampling import Shown, choose_shown
from experiments.gan.scores import Scores
from experiments.gan.settings import TABLE, Settings, blueprint_of, gan_settings
from networks.gan import Gan, GanTrainer
from nn import Snapshot, SnapshotError
from nn.snapshot import save
from workbench.settings.stored import resumed
from workbench.settings.table import Given

CHANGEABLE = frozenset(
    (
        *("data", "test_data", "folder", "threads", "rung"),
        *("epochs", "minutes", "every", "score_every", "patience", "snapshot_interval"),
        *("loss_ratio_limit", "ratio_patience"),
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
        Of both networks.
    shown
        What samples are drawn with.
    scores
        Judges the generator.

    Raises
    ------
    SettingsError, DataError
        When settings and data do not go together.
    """

    def __init__(self, settings: Settings, data: Data) -> None:
        self.settings, self.data, self.folder = settings, data, RunFolder(settings.folder)
        blueprint = blueprint_of(settings, data.form.built_for, len(data.form.classes))
        learning = gan_settings(settings)
        weights, rounds = (np.random.default_rng([settings.seed, place]) for place in (5, 7))
        given, ignored = (
            region_of(names, data.form, option)
            for names, option in ((settings.given, "--given"), (settings.ignored, "--ignored"))
        )
        gan = Gan(blueprint, generator=weights, rung_name=settings.rung, given=given)
        training = data.training
        with naming(settings.data):
            self.trainer = GanTrainer(
                gan,
                *(training.values, training.labels, training.masks),
                settings=learning,
                generator=rounds,
                ignored=ignored,
            )
            self.scores = Scores(data.training, data.validation, settings.seed, data.form)
        self.shown: Shown = choose_shown(gan, data.form, training, settings.seed)

    @classmethod
    def start(cls, settings: Settings, progress: Progress | None = None) -> Run:
        """Load the data and make new networks."""
        return cls(settings, load_data(settings, progress))

    @classmethod
    def resume(cls, settings: Settings, snapshot: Snapshot, progress: Progress | None = None) -> Run:
        """Load the data again and go on from a snapshot.

        Raises
        ------
        SettingsError, DataError
            When the data cannot be used.
        SnapshotError
            When the snapshot cannot be used, or the data are not those it was trained on.
        """
        form = form_of(snapshot)
        data = load_data(settings, progress, form.components)
        same_form = form.to_configuration() == data.form.to_configuration()
        if snapshot.metadata.get("data") != data.fingerprint or not same_form:
            raise SnapshotError(
                f"{snapshot.path}: was trained on other entries than {settings.data} holds now "
                f"({snapshot.metadata.get('data')}, now {data.fingerprint}): say where those are, --data"
            )
        run = cls(settings, data)
        run.trainer.restore(snapshot)
        run.scores.load_state(snapshot)
        return run

    @property
    def gan(self) -> Gan:
        """Both networks."""
        return self.trainer.gan

    def save(self, path: Path | None = None) -> None:
        """Save everything to the run's model, or to another file."""
        arrays, metadata = self.contents()
        save(path or self.folder.model, arrays, metadata)

    def contents(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what a snapshot holds now: arrays (views, not copies) and metadata."""
        arrays, state = self.trainer.state()
        more, metadata = described(self.settings, self.data.form)
        return {**arrays, **more}, {
            **metadata,
            **state,
            "data": self.data.fingerprint,
            "scores": self.scores.state(),
        }


def resumed_settings(given: Mapping[str, Given], snapshot: Snapshot) -> Settings:
    """Return the settings to go on with; see `workbench.settings.stored.resumed`."""
    begun = f"the run in {snapshot.path.parent} was begun"
    instead = "leave it out, or train anew in another folder"
    return resumed(TABLE, given, snapshot, CHANGEABLE, made=begun, instead=instead)
