"""The command `mistakes`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from experiments.video import varied
from experiments.video.data import are_digits
from experiments.video.many_command import SMALL, Shown, base_settings, train_many
from experiments.video.mistakes import (
    HEADINGS,
    SEEDS,
    RunOutcome,
    draw_mistakes,
    run_mistakes,
    text_rows,
)
from experiments.video.settings import RUNS
from workbench.errors import SettingsError
from workbench.tables import markdown_table, text_table

DEFAULTS = {**SMALL, "folder": str(RUNS / "mistakes")}
LIMIT = "steps", "600"
REMARK = f"validation clips, {SEEDS} seeds; numbers are means over the seeds at the end"


def mistakes(arguments: argparse.Namespace) -> int:
    """Train every mistake beside the same without it; write the table and draw the figure."""
    base = base_settings(arguments, DEFAULTS, LIMIT, varied.MISTAKES)
    if not are_digits(base):
        raise SettingsError(
            f"--data={base.data}: films of their own are made here: give digits, or leave it out"
        )
    return train_many(base, partial(run_mistakes, records=arguments.records), _show)


def _show(outcomes: Sequence[RunOutcome]) -> Shown:
    rows = text_rows(outcomes)
    pictures = {"mistakes": draw_mistakes(outcomes, REMARK)}
    markdown = markdown_table(HEADINGS, rows, range(3))
    return Shown("mistakes", text_table([HEADINGS, *rows]), f"{markdown}\n", pictures)
