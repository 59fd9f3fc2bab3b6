"""Networks of videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from experiments.idle_settings import refuse_idle
from experiments.sweep.programs.program import ENDS_ANEW, SweepProgram
from experiments.video.data import are_digits
from experiments.video.effects import idle_settings
from experiments.video.folder import RunFolder, build
from experiments.video.scores import ERRORS
from experiments.video.settings import TABLE, Settings, blueprint_of
from experiments.watch_option import WATCHED
from networks.video.blueprint import TASKS
from nn import optimizer_by_name
from nn.parameter_limit import at_most_parameters
from nn.training.memory import estimate
from workbench.settings.table import Given

BYTES = 4
"""Of a parameter."""


def _check(given: Mapping[str, Given]) -> Settings:
    settings = TABLE.make(given)
    refuse_idle(settings, given, idle_settings(settings, digits=are_digits(settings)))
    blueprint_of(settings)
    return settings


def _statistics(settings: Settings) -> Sequence[str]:
    errors = [
        f"{part}_{head}_{error}_per_frame"
        for head in TASKS[settings.task]
        for error in ERRORS
        for part in ("training", "validation")
    ]
    return ["step", "clips", "learning_rate", "training_loss", "validation_loss", *errors]


def _go_on(folder: Path) -> list[str]:
    return ["continue", str(folder)]


def _memory(settings: Settings, most: int) -> int:
    quickly = settings.model_copy(update={"initializer": "uniform"})  # orthogonal weights take long to draw
    with at_most_parameters(most // BYTES):
        network = build(quickly, np.random.default_rng(0))
    optimizer = optimizer_by_name(settings.optimizer, settings.learning_rate)
    return estimate(network, optimizer, settings.batch_size).total


VIDEO = SweepProgram(
    command=("python", "-m", "experiments", "video"),
    table=TABLE,
    check=_check,
    places={"folder": ""},
    left_out={"patience": ENDS_ANEW},
    statistics=_statistics,
    rows=lambda settings: ("step", settings.report_every),
    begun=lambda folder: RunFolder(folder).holds_run(),
    go_on=_go_on,
    counters={"steps": "step", "minutes": "seconds"},
    lasting={"schedule": ("constant", "plateau")},
    memory=_memory,
    watched=WATCHED,
)
