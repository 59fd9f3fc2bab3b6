"""Adversarial networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from experiments.gan.data import are_series
from experiments.gan.effects import check_effects
from experiments.gan.folder import RunFolder
from experiments.gan.settings import (
    DEFAULT_WINDOW,
    DIGITS,
    SINES,
    TABLE,
    Settings,
    blueprint_of,
    gan_settings,
)
from experiments.sweep.programs.program import ENDS_ANEW, SweepProgram, option
from experiments.watch_option import WATCHED
from networks.gan.record import GanRow
from nn import SequenceShape
from workbench.settings.table import Given

DIGIT_CLASSES = 10


def _check(given: Mapping[str, Given]) -> Settings:
    settings = TABLE.make(given)
    check_effects(settings, given, series=are_series(settings))
    gan_settings(settings)
    if settings.data == DIGITS:
        blueprint_of(settings, settings.image_shape, len(settings.classes) or DIGIT_CLASSES)
    elif settings.data in SINES:
        blueprint_of(settings, SequenceShape(settings.window or DEFAULT_WINDOW, settings.sine_variables), 0)
    return settings


def _statistics(settings: Settings) -> Sequence[str]:
    return [*(each.name for each in fields(GanRow) if each.name not in ("seconds", "scores")), "mmd"]


def _go_on(folder: Path) -> list[str]:
    return ["continue", *option("folder", str(folder))]


GAN = SweepProgram(
    command=("python", "-m", "experiments", "gan"),
    table=TABLE,
    check=_check,
    places={"folder": ""},
    left_out=dict.fromkeys(("patience", "loss_ratio_limit", "ratio_patience"), ENDS_ANEW),
    statistics=_statistics,
    rows=lambda settings: ("epoch", 1),
    begun=lambda folder: RunFolder(folder).holds_run(),
    go_on=_go_on,
    counters={"epochs": "epoch", "minutes": "seconds"},
    lasting={},
    watched=WATCHED,
)
