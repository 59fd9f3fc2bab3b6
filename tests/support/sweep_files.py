"""Sweep files of the quick program, with parts replaced."""

import json
from pathlib import Path
from typing import Any

from experiments.sweep.loading import load_sweep
from experiments.sweep.sweep import Sweep
from tests.support.quick_sweeps import PROGRAMS

PLAIN: dict[str, Any] = {
    "program": "quick",
    "space": {"rate": {"choice": [0.1, 0.3]}},
    "search": {"kind": "grid"},
    "budget": {"epochs": 3},
    "objective": {"statistic": "loss"},
}


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    return f"[{', '.join(map(_toml, value))}]" if isinstance(value, list | tuple) else json.dumps(value)


def write_sweep(folder: Path, name: str = "sweep", **parts: Any) -> Path:
    """Write a sweep file; a part that is None is left out."""
    path = folder / f"{name}.toml"
    whole = {**PLAIN, **parts}
    path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in whole.items() if value is not None))
    return path


def sweep_of(folder: Path, **parts: Any) -> Sweep:
    """Return a sweep of the quick program."""
    return load_sweep(write_sweep(folder, **parts), PROGRAMS)
