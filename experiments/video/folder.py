"""The folder of a run: where everything is, and a network rebuilt from what is in it alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.run_folder import RunFolderBase
from experiments.video.settings import RUNS, TABLE, Settings, blueprint_of, sampling_of
from networks.model_file import UNBUILDABLE
from networks.video import VideoNetwork
from nn import Snapshot, SnapshotError
from nn.dotted_names import select_prefix
from nn.parameter_limit import at_most_parameters
from nn.training.state import PARAMETERS, load_parameters
from workbench.code_version import code_version
from workbench.errors import InputError, SettingsError
from workbench.settings.stored import settings_of

PROGRAM = "video"
WRITTEN = re.compile(
    r"losses\.csv|losses-by-(minutes|steps)\.png|steps-ahead\.png|(animation|frames)\.(gif|webp|png)"
    r"|minute-[\d.]+\.(gif|webp)|clips\.npy|evaluation\.json|version\.json|settings\.conf"
    r"|best(\.previous)?\.safetensors"
)
"""Names of what a run writes beside its model."""


class RunFolder(RunFolderBase):
    """Where a run keeps what."""

    program = PROGRAM
    written = WRITTEN
    places = ("animations",)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.version, self.clips = path / "version.json", path / "clips.npy"
        self.by_minutes, self.by_steps = path / "losses-by-minutes.png", path / "losses-by-steps.png"
        self.animations, self.animation = path / "animations", path / "animation"
        self.frames = path / "frames.png"
        self.report, self.steps_ahead = path / "evaluation.json", path / "steps-ahead.png"

    @property
    def continued(self) -> str:
        """The command that goes on with the run."""
        return f"python -m experiments video continue {self.path}"

    @property
    def elsewhere(self) -> str:
        """How a user says where a run is."""
        found = [str(path.parent) for path in sorted(RUNS.glob("*/model.safetensors"))[:5]]
        return f"there are {', '.join(found)}" if found else f"there are none in {RUNS} either"


def named_folder(path: Path | None, settings_path: Path | None = None) -> RunFolder:
    """Return the folder of the run that a command names.

    Raises
    ------
    InputError
        When it names none, listing those there are.
    """
    chosen = path or settings_path
    if chosen is None:
        raise InputError(f"say which run, by its folder: {RunFolder(RUNS).elsewhere}")
    return RunFolder(chosen)


def described(settings: Settings) -> dict[str, Any]:
    """Return what of a snapshot rebuilds a network."""
    return {"program": PROGRAM, "settings": TABLE.texts(settings), "version": code_version()}


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network, and the settings it was made with."""

    network: VideoNetwork
    settings: Settings

    @classmethod
    def of(cls, snapshot: Snapshot) -> Model:
        """Return the network of a snapshot.

        Raises
        ------
        SnapshotError
            When what it holds does not go together.
        """
        stored = select_prefix(snapshot.arrays, PARAMETERS)
        try:
            settings = TABLE.make(settings_of(snapshot))
            with at_most_parameters(sum(array.size for array in stored.values())):
                network = build(settings, np.random.default_rng(0))
        except (*UNBUILDABLE, SettingsError) as error:
            raise SnapshotError(f"{snapshot.path}: the network in it cannot be built: {error}") from error
        load_parameters(snapshot, network.parameters)
        return cls(network, settings)


def build(settings: Settings, generator: np.random.Generator) -> VideoNetwork:
    """Return a new network.

    Raises
    ------
    SettingsError
        When settings do not go together.
    """
    return VideoNetwork(
        blueprint_of(settings), generator=generator, rung_name=settings.rung, sampling=sampling_of(settings)
    )
