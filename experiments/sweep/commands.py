"""The commands of sweeps."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from experiments.sweep.loading import load_sweep
from experiments.sweep.plan import plan_lines

Programs = Mapping[str, tuple[str, str]]

RUNS = Path("runs/sweeps")
"""Where folders of sweeps are made."""


def plan(options: argparse.Namespace, programs: Programs) -> int:
    """Print the plan."""
    sweep = load_sweep(options.file, programs)
    for line in plan_lines(sweep, RUNS / sweep.name):
        print(line)
    return 0
