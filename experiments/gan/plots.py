"""Losses, gradients and scores of both sides over the epochs, as a table and as plots."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from experiments.charts import Panels, epoch_ticks, make_logarithmic, panels
from networks.gan.record import GanRow
from nn.render.canvas import WIDTH
from nn.render.colours import HELD_OUT, MUTED, TRAIN

PANEL, GAP, TOP = 170, 64, 110
LEFT, RIGHT = 70, 150
SIDES = (("discriminator", TRAIN), ("generator", HELD_OUT))
MARKED = 40
"""Epochs up to which every one is a dot."""


def to_csv(rows: Sequence[GanRow]) -> str:
    """Return a table of rows with a line of headings; scores that were not measured are empty."""
    own = [each.name for each in fields(GanRow) if each.name != "scores"]
    scores = list(dict.fromkeys(name for row in rows for name in row.scores))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*own, *scores])
    for row in rows:
        table.writerow(
            [*(getattr(row, name) for name in own), *(row.scores.get(name, "") for name in scores)]
        )
    return text.getvalue()


def draw_plots(rows: Sequence[GanRow], title: str) -> Image.Image:
    """Draw losses, lengths of gradients, and scores over the epochs."""
    epochs = np.array([row.epoch for row in rows])
    shown: list[tuple[str, list[tuple[str, str, np.ndarray, np.ndarray]], bool]] = [
        ("loss", [_curve(rows, epochs, f"{side}_loss", side, colour) for side, colour in SIDES], False),
        (
            "length of the gradient",
            [_curve(rows, epochs, f"{side}_gradient", side, colour) for side, colour in SIDES],
            True,
        ),
        (
            "mean score by the discriminator",
            [
                _curve(rows, epochs, "real_score", "real", TRAIN),
                _curve(rows, epochs, "generated_score", "generated", HELD_OUT),
            ],
            False,
        ),
    ]
    scored = [row for row in rows if "mmd" in row.scores]
    if scored:
        values = np.array([row.scores["mmd"] for row in scored])
        places = np.array([row.epoch for row in scored])
        shown.append(("MMD² to the validation entries", [("generated", HELD_OUT, places, values)], False))
    with panels(TOP + len(shown) * (PANEL + GAP)) as picture:
        picture.title(title, "means over the rounds of every epoch")
        for number, (name, curves, logarithmic) in enumerate(shown):
            top = TOP + number * (PANEL + GAP)
            axes = picture.panel((LEFT, top, WIDTH - RIGHT, top + PANEL), name)
            _draw(picture, axes, curves, logarithmic)
        return picture.image()


def _curve(
    rows: Sequence[GanRow], epochs: np.ndarray, field: str, name: str, colour: str
) -> tuple[str, str, np.ndarray, np.ndarray]:
    return name, colour, epochs, np.array([getattr(row, field) for row in rows])


def _draw(
    picture: Panels,
    axes: Axes,
    curves: Sequence[tuple[str, str, np.ndarray, np.ndarray]],
    logarithmic: bool,
) -> None:
    for _, colour, epochs, values in curves:
        axes.plot(epochs, values, color=colour, marker="o" if len(values) <= MARKED else "")
    if logarithmic and all((values > 0).all() for *_, values in curves):
        make_logarithmic(axes)
    axes.xaxis.set_major_locator(epoch_ticks())
    axes.set_xlabel("epoch", color=MUTED)
    picture.label_ends(axes, [(name, colour, float(values[-1])) for name, colour, _, values in curves])
