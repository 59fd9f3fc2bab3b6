"""The folder of a run: where everything is, and a model rebuilt from what is in it alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.gan.components import Components
from experiments.gan.form import Form
from experiments.gan.region import region_of
from experiments.gan.settings import TABLE, Settings, blueprint_of
from experiments.run_folder import RunFolderBase
from networks.gan import Gan
from networks.gan.state import load_gan
from networks.model_file import UNBUILDABLE
from nn import Snapshot, SnapshotError
from nn.parameter_limit import at_most_parameters
from workbench.errors import SettingsError
from workbench.settings.stored import settings_of

PROGRAM = "gan"
COUNTS = "form.counts"
COMPONENTS = "form.components."
WRITTEN = re.compile(
    r"epoch-\d+\.png|(samples|generated|interpolation|losses)\.png|(progress|interpolation)\.gif|losses\.csv"
    r"|(samples|generated)\.npz|report\.(html|json)|settings\.conf|best(\.previous)?\.safetensors"
)
"""Names of what a run, and what is made by its model, is written to."""


class RunFolder(RunFolderBase):
    """Where a run keeps what."""

    program = PROGRAM
    written = WRITTEN
    places = ("epochs", "report")

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.pictures, self.progress = path / "epochs", path / "progress.gif"
        self.samples, self.arrays = path / "samples.png", path / "samples.npz"
        self.plots, self.report = path / "losses.png", path / "report"

    def picture(self, epoch: int) -> Path:
        """Return where the samples of an epoch are drawn."""
        return self.pictures / f"epoch-{epoch:05}.png"


def described(settings: Settings, form: Form) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return what of a snapshot rebuilds a model: arrays and metadata."""
    metadata = {"program": PROGRAM, "settings": TABLE.texts(settings), "form": form.to_configuration()}
    components = {} if form.components is None else form.components.to_arrays()
    return {COUNTS: form.counts, **{COMPONENTS + name: each for name, each in components.items()}}, metadata


@dataclass(frozen=True, eq=False)
class Model:
    """A trained pair, what its numbers mean, and the settings it was made with."""

    gan: Gan
    form: Form
    settings: Settings

    @classmethod
    def of(cls, snapshot: Snapshot, rung: str | None = None) -> Model:
        """Return the model of a snapshot, on the rung it was trained on or another.

        Raises
        ------
        SnapshotError
            When what it holds does not go together.
        """
        try:
            settings = TABLE.make(settings_of(snapshot))
        except SettingsError as error:
            raise SnapshotError(str(error)) from error
        form = form_of(snapshot)
        try:
            with at_most_parameters(sum(array.size for array in snapshot.arrays.values())):
                blueprint = blueprint_of(settings, form.built_for, len(form.classes))
                given = region_of(settings.given, form, "--given")
                weights = np.random.default_rng(0)
                gan = Gan(blueprint, generator=weights, rung_name=rung or settings.rung, given=given)
        except (*UNBUILDABLE, SettingsError) as error:
            raise SnapshotError(f"{snapshot.path}: the networks in it cannot be built: {error}") from error
        load_gan(snapshot, gan)
        return cls(gan, form, settings)


def form_of(snapshot: Snapshot) -> Form:
    """Return what the numbers of a snapshot's model mean.

    Raises
    ------
    SnapshotError
        When its description is none.
    """
    arrays = snapshot.arrays
    of_components = {
        name.removeprefix(COMPONENTS): each for name, each in arrays.items() if name.startswith(COMPONENTS)
    }
    try:
        components = Components.from_arrays(of_components) if of_components else None
        return Form.from_configuration(snapshot.metadata["form"], arrays[COUNTS], components)
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"{snapshot.path}: its form cannot be used: {error}") from error
