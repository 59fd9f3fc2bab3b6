"""The command `grid`."""

from __future__ import annotations

import argparse
import sys

from experiments.video.grid import VARIED, as_markdown, as_text, run_grid
from experiments.video.grid_plots import figures
from experiments.video.progress import BarOrLines
from experiments.video.settings import RUNS, TABLE
from nn.render import save
from nn.training.lock import FolderLock
from workbench.exit_status import STOPPED
from workbench.files import make_directory, write_text
from workbench.settings.options import given_settings
from workbench.settings.table import Given
from workbench.terminal import use_threads

DEFAULTS = {
    "folder": str(RUNS / "grid"),
    "size": "32",
    "units": "256",
    "report_every": "20",
    "validation_clips": "100",
    "animate_every": "",
}
"""Settings that are others here than in a single run."""

MINUTES = "1"
"""Of a run, where neither steps nor minutes are given."""


def grid(arguments: argparse.Namespace) -> int:
    """Train all runs of the grid, or those that are missing; write the table and draw the figures."""
    given = given_settings(arguments, TABLE)
    defaults = dict(DEFAULTS)
    if "steps" not in given and "minutes" not in given:
        defaults["minutes"] = MINUTES
    texts = {name: Given(text, f"--{name.replace('_', '-')}") for name, text in defaults.items()}
    for name in VARIED:
        given.pop(name, None)  # of a settings file
    base = TABLE.make({**texts, **given})
    folder = base.run_folder
    use_threads(base.threads)
    make_directory(folder)
    with FolderLock(folder):
        outcomes = run_grid(
            base,
            lambda line: print(line, flush=True),
            lambda run: [BarOrLines(run.reports, run.network.blueprint)] if sys.stderr.isatty() else [],
        )
        if outcomes is None:
            print("the same command goes on")
            return STOPPED
        write_text(folder / "grid.md", as_markdown(outcomes))
        for name, picture in figures(outcomes).items():
            save(picture, folder / f"{name}.png")
    print(f"\n{as_text(outcomes)}\n\n* lowest of its column, on clips to test on\n")
    for path in sorted([folder / "grid.md", *folder.glob("*.png")]):
        print(f"{'result':10} {path}")
    return 0
