"""Runs of adversarial training that take a moment: tiny settings, as options."""

from pathlib import Path
from typing import Any

import numpy as np

from experiments.gan.__main__ import main
from experiments.gan.folder import Model, RunFolder
from experiments.gan.settings import Settings

TINY = {
    "limit": "60",
    "size": "8",
    "filters": "2",
    "units": "4",
    "noise": "3",
    "batch-size": "8",
    "epochs": "2",
    "rung": "plain",
    "threads": "1",
}


def options(**changes: Any) -> list[str]:
    """Return tiny settings as options."""
    texts = {**TINY, **{name.replace("_", "-"): str(value) for name, value in changes.items()}}
    return [part for key, value in texts.items() for part in (f"--{key}", value)]


def tiny(**changes: Any) -> Settings:
    """Return tiny settings."""
    return Settings(**{**{key.replace("-", "_"): value for key, value in TINY.items()}, **changes})


def run(*arguments: object) -> int:
    """Run the program within this process."""
    return main([str(argument) for argument in arguments])


def train(folder: Path, *more: object, **changes: Any) -> None:
    """Train a tiny run into a folder."""
    assert run("train", *options(**changes), "--folder", folder, *more) == 0


def contents(folder: Path) -> tuple[dict[str, np.ndarray], list[dict[str, Any]], dict[str, Any]]:
    """Return what the bits of a run are: arrays, rows without their seconds, and what scores remember."""
    snapshot = RunFolder(folder).load()
    rows = [{**row, "seconds": 0.0} for row in snapshot.metadata["gan"]["rows"]]
    return snapshot.arrays, rows, snapshot.metadata["scores"]


def assert_same_bits(found: Path, expected: Path) -> None:
    """Compare two runs."""
    arrays, *rest = contents(found)
    others, *of_others = contents(expected)
    assert rest == of_others
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], err_msg=name)


def model(folder: Path) -> Model:
    """Return the model of a run, rebuilt from its folder."""
    return Model.of(RunFolder(folder).load())
