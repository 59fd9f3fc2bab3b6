"""What a sweep has to know of the program in `quick_training`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from experiments.sweep.programs.program import SweepProgram
from workbench.errors import SettingsError
from workbench.settings.kinds import split
from workbench.settings.stored import ProgramSettings
from workbench.settings.table import SettingsTable


class Settings(ProgramSettings):
    rate: float = Field(0.1, gt=0, le=10)
    units: int = Field(1, ge=1, le=1000)
    threads: int | None = None
    kind: Literal["plain", "wide"] = "plain"
    width: int = Field(1, ge=1)
    layers: Annotated[tuple[int, ...], BeforeValidator(split)] = ()
    breaks_at: int = 0
    pause: float = 0.0
    gate: str = ""
    stubborn: bool = False
    schedule: Literal["constant", "cosine"] = "constant"
    epochs: int = Field(1, ge=1)
    seed: int = 0
    folder: Path = Path("run")


TABLE = SettingsTable(Settings, {"rate": "all"}, "quick config")


def _check(given):
    settings = TABLE.make(given)
    if settings.kind == "plain" and settings.width != 1:
        raise SettingsError(f"{given['width'].place}={settings.width}: is for kind=wide")
    return settings


def _memory(settings, most):
    if settings.units > 900:
        raise ValueError("parameters")
    return settings.units * 2**20


QUICK = SweepProgram(
    command=("quick",),
    table=TABLE,
    check=_check,
    places={"folder": ""},
    left_out={},
    statistics=lambda settings: ["epoch", "loss", "ratio"],
    rows=lambda settings: ("epoch", 1),
    begun=lambda folder: (folder / "state.json").exists(),
    go_on=lambda folder: ["continue", "--folder", str(folder)],
    counters={"epochs": "epoch"},
    lasting={"schedule": ("constant",)},
    memory=_memory,
)
