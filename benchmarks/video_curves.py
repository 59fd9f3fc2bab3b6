"""How the errors of two trainings of videos fell with the minutes: a table and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.ticker import MaxNLocator
from PIL import Image

from experiments.charts import POINTS, panels
from experiments.video.scores import FLOOR
from nn.render.canvas import WIDTH
from nn.render.colours import HELD_OUT, MUTED, TRAIN

PANEL, GAP, TOP, LEFT, RIGHT = 200, 70, 110, 70, 190
COLOURS = (TRAIN, HELD_OUT)
DASHES = (0, (4, 3))
SHARES = 0.25, 0.5, 1.0
"""Of the minutes, at which the table says where both are."""


class Point(NamedTuple):
    """A measurement.

    Attributes
    ----------
    side
        Whose.
    minutes, steps
        Trained until then.
    errors
        Per frame on held-out clips, by head and error.
    """

    side: str
    minutes: float
    steps: int
    errors: Mapping[str, Mapping[str, float]]


def sides_of(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Return the measurements of each side, in their order."""
    sides: dict[str, list[Point]] = {}
    for point in points:
        sides.setdefault(point.side, []).append(point)
    return sides


def table(points: Sequence[Point]) -> str:
    """Return a table in Markdown: both sides after a quarter, half and all of their minutes."""
    sides = sides_of(points)
    heads = list(points[0].errors)
    columns = ["minutes", "", "steps", *(f"{head}, {error}" for head in heads for error in ("mse", "nats"))]
    rows = [columns, ["---:", "---", *["---:"] * (len(columns) - 2)]]
    whole = min(measured[-1].minutes for measured in sides.values())
    for share in SHARES:
        for name, measured in sides.items():
            point = min(measured, key=lambda each: abs(each.minutes - share * whole))
            errors = [f"{point.errors[head][error]:.1f}" for head in heads for error in ("mse", "nats")]
            rows.append([f"{point.minutes:.0f}", name, f"{point.steps:,}", *errors])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def draw_curves(
    points: Sequence[Point], references: Mapping[str, Mapping[str, float]], title: str
) -> Image.Image:
    """Draw the cross-entropy of every head over the minutes.

    Parameters
    ----------
    points
        At least one of each side.
    references
        Nats per frame of what needs no network, by head and name.
    title
        Written above.
    """
    sides, heads = sides_of(points), list(points[0].errors)
    with panels(TOP + len(heads) * (PANEL + GAP)) as picture:
        picture.title(title, "the same weights to begin with, the same clips in the same order")
        for number, head in enumerate(heads):
            top = TOP + number * (PANEL + GAP)
            box = (LEFT, top, WIDTH - RIGHT, top + PANEL)
            axes = picture.panel(box, f"{head}: cross-entropy per frame, nats")
            ends = []
            for (name, measured), colour in zip(sides.items(), COLOURS, strict=True):
                values = [point.errors[head]["nats"] for point in measured]
                axes.plot([point.minutes for point in measured], values, color=colour)
                ends.append((f"{name} {values[-1]:.0f}", colour, values[-1]))
            for name, value in references[head].items():
                if name != FLOOR:  # so far below that it would press the curves flat
                    axes.axhline(value, color=MUTED, linewidth=POINTS, linestyle=DASHES)
                    ends.append((name, MUTED, value))
            axes.set_xlim(0, max(point.minutes for point in points))
            axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
            axes.set_xlabel("minutes of training", color=MUTED)
            picture.label_ends(axes, ends)
        return picture.image()
