"""The image autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from autoencoder.architecture import plan_architecture
from autoencoder.memory import estimate_memory
from autoencoder.model_file import holds_model
from autoencoder.settings import TABLE, Settings
from experiments.sweep.programs.program import SweepProgram, option
from workbench.settings.table import Given

MODEL = "model"
"""Folder of the model within a trial's."""


def _check(given: Mapping[str, Given]) -> Settings:
    settings = TABLE.make(given)
    plan_architecture(settings)
    return settings


def _statistics(settings: Settings) -> Sequence[str]:
    return ["epoch", "step", "training_loss", "held_out_loss", "learning_rate"]


def _go_on(folder: Path) -> list[str]:
    places = [*option("model-directory", str(folder / MODEL)), *option("output-directory", str(folder))]
    return ["train", "--resume", *places]


AUTOENCODER = SweepProgram(
    command=("autoencoder",),
    table=TABLE,
    check=_check,
    places={"model_directory": MODEL, "output_directory": ""},
    left_out={},
    statistics=_statistics,
    rows=lambda settings: ("epoch", 1),
    begun=lambda folder: holds_model(folder / MODEL),
    go_on=_go_on,
    counters={"epochs": "epoch", "minutes": "seconds"},
    lasting={"schedule": ("constant",)},
    memory=lambda settings, most: estimate_memory(settings, plan_architecture(settings)).total,
)
