"""The command `grid`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from experiments.video import varied
from experiments.video.grid import GridOutcome, as_markdown, as_text, run_grid
from experiments.video.grid_plots import figures
from experiments.video.many_command import SMALL, Shown, base_settings, train_many
from experiments.video.settings import RUNS

DEFAULTS = {**SMALL, "folder": str(RUNS / "grid")}
LIMIT = "minutes", "1"


def grid(arguments: argparse.Namespace) -> int:
    """Train all runs of the grid, or those that are missing; write the table and draw the figures."""
    base = base_settings(arguments, DEFAULTS, LIMIT, varied.GRID)
    return train_many(base, partial(run_grid, records=arguments.records), _show)


def _show(outcomes: Sequence[GridOutcome]) -> Shown:
    text = f"{as_text(outcomes)}\n\n* lowest of its column, on clips to test on"
    return Shown("grid", text, as_markdown(outcomes), figures(outcomes))
