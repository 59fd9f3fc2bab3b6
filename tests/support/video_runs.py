"""Runs of training on videos that take a moment: tiny settings, as options."""

from pathlib import Path
from typing import Any

import numpy as np

from experiments.video.__main__ import main
from experiments.video.folder import RunFolder
from experiments.video.settings import Settings

TINY = {
    "limit": "60",
    "size": "8",
    "digit-size": "5",
    "steps-in": "3",
    "steps-out": "2",
    "units": "4",
    "batch-size": "4",
    "steps": "6",
    "report-every": "2",
    "validation-clips": "5",
    "test-clips": "5",
    "shown": "2",
    "rung": "plain",
    "threads": "1",
}


def options(**changes: Any) -> list[str]:
    """Return tiny settings as options."""
    texts = {**TINY, **{name.replace("_", "-"): str(value) for name, value in changes.items()}}
    if str(texts.get("data", "")).endswith(".npy"):
        del texts["digit-size"]  # films have none, and it is refused
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


def contents(folder: Path, *, best: bool = False) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Return what the bits of a run are: arrays, and reports without their seconds."""
    snapshot = RunFolder(folder).load(best=best)
    rows = snapshot.metadata["training"]["callbacks"]["Reports"]["rows"]
    return snapshot.arrays, [{**row, "seconds": 0.0} for row in rows]


def assert_same_bits(found: Path, expected: Path) -> None:
    """Compare two runs: the last networks and the best ones."""
    for best in (False, True):
        arrays, rows = contents(found, best=best)
        others, of_others = contents(expected, best=best)
        assert rows == of_others
        assert arrays.keys() == others.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, others[name], err_msg=name)
