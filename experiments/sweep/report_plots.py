"""The pictures of a report: the best against the budget, candidates across their settings, importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from PIL import Image

from experiments.charts import make_logarithmic, panels
from experiments.sweep.importance import SHUFFLES, Importance
from experiments.sweep.measured import best_so_far, measured
from experiments.sweep.parallel import ABSENT, APART, heights_of, is_logarithmic, labels_of, score_heights
from experiments.sweep.standings import DIGITS, Standing
from experiments.sweep.sweep import Sweep
from experiments.sweep.trials import TrialRow
from nn.render.canvas import WIDTH
from nn.render.colours import BACKGROUND, HELD_OUT, MUTED, TRAIN
from workbench.settings.table import to_key

LEFT, TOP, RIGHT, PANEL = 80, 110, 130, 300

BESIDE: dict[str, Any] = {"fc": BACKGROUND, "ec": "none", "alpha": 0.7, "pad": 1}
"""What makes values readable that lines cross."""

OTHERS = "dotted: without a result; below an axis: no such setting"


def draw_best(sweep: Sweep, rows: Sequence[TrialRow]) -> Image.Image:
    """Draw the best objective against the budget that was used, with every candidate as a dot."""
    found = measured(sweep, rows)
    curve = list(best_so_far(sweep, found))
    with panels(TOP + PANEL + 60) as picture:
        picture.title(
            f"{sweep.name}: the best against the budget", f"a dot is a candidate, mean over {_seeds(sweep)}"
        )
        box = (LEFT, TOP, WIDTH - RIGHT, TOP + PANEL)
        axes = picture.panel(box, sweep.file.objective.statistic)
        axes.set_xlabel(f"{sweep.file.budget.unit} used by all trials", color=MUTED)
        dots = [(each.used, each.score) for each in found if each.score is not None]
        axes.plot([used for used, _ in dots], [score for _, score in dots], "o", color=HELD_OUT, alpha=0.6)
        axes.step(*np.transpose(curve or np.empty((0, 2))), where="post", color=TRAIN)
        _scale(axes, [score for _, score in dots])
        picture.label_ends(axes, [(f"best {best:.{DIGITS}g}", TRAIN, best) for _, best in curve[-1:]])
        return picture.image()


def _seeds(sweep: Sweep) -> str:
    return "one seed" if sweep.file.seeds == 1 else f"{sweep.file.seeds} seeds"


def _scale(axes: Axes, values: Sequence[float]) -> None:
    if is_logarithmic(values):
        make_logarithmic(axes)


def draw_parallel(sweep: Sweep, found: Sequence[Standing]) -> Image.Image:
    """Draw every candidate as a line across its settings to its objective, the better the darker."""
    scored = [each for each in found if each.score is not None]
    objective = sweep.file.objective
    columns = [*sweep.space, objective.statistic]
    with panels(TOP + PANEL + 60) as picture:
        remark = f"a line is a candidate, the better the darker; {OTHERS}"
        picture.title(f"{sweep.name}: settings and {objective.statistic}", remark)
        axes = picture.panel((LEFT, TOP + 20, WIDTH - RIGHT, TOP + PANEL + 20), "")
        axes.set(
            xlim=(0, len(columns) - 1), ylim=(2 * ABSENT, 1 + APART), yticks=[], xticks=range(len(columns))
        )
        axes.set_xticklabels([to_key(name) for name in sweep.space] + [objective.statistic])
        heights = score_heights(scored)
        rows = heights_of(sweep, found)
        for row in rows[len(scored) :]:
            axes.plot(row, color=MUTED, linestyle=":", clip_on=False)
        for rank in reversed(range(len(scored))):
            colour = to_hex(colormaps["viridis"](0.9 * rank / max(1, len(scored) - 1)))
            axes.plot([*rows[rank], heights[rank]], color=colour, alpha=0.8, clip_on=False)
        _draw_axes(axes, sweep, scored)
        return picture.image()


def _draw_axes(axes: Axes, sweep: Sweep, scored: Sequence[Standing]) -> None:
    """Draw the axis of every setting with its values."""
    for place, parameter in enumerate(sweep.space.values()):
        _draw_axis(axes, place, labels_of(parameter))
    values = [each.score for each in scored if each.score is not None]
    ends = {0.0: f"{min(values):.4g}", 1.0: f"{max(values):.4g}"} if values else {}
    _draw_axis(axes, len(sweep.space), ends)


def _draw_axis(axes: Axes, place: int, labels: Mapping[float, str]) -> None:
    axes.plot([place, place], [0, 1], color=MUTED, linewidth=0.8, zorder=3, clip_on=False)
    for height, text in labels.items():
        axes.text(
            place + 0.03,
            height,
            text,
            va="center",
            zorder=4,
            bbox=BESIDE,
        )


def draw_importance(sweep: Sweep, found: Sequence[Importance]) -> Image.Image:
    """Draw the importance of every setting as a bar."""
    with panels(TOP + 34 * len(found) + 60) as picture:
        remark = (
            f"how much less of the rank a random forest explains with a setting shuffled, {SHUFFLES} times"
        )
        picture.title(f"{sweep.name}: importance of settings", remark)
        axes = picture.panel((2 * LEFT, TOP, WIDTH - RIGHT, TOP + 34 * len(found)), "")
        places = np.arange(len(found))[::-1]
        means, deviations = [each.mean for each in found], [each.deviation for each in found]
        axes.barh(places, means, xerr=deviations, color=TRAIN, height=0.6, error_kw={"ecolor": MUTED})
        axes.set_yticks(places, [to_key(each.name) for each in found])
        axes.grid(axis="y", visible=False)
        return picture.image()


def draw_all(
    sweep: Sweep, rows: Sequence[TrialRow], found: Sequence[Standing], important: Sequence[Importance]
) -> dict[str, Image.Image]:
    """Return the pictures by the names of their files, without a suffix."""
    drawn = {"best": draw_best(sweep, rows), "settings": draw_parallel(sweep, found)}
    return {**drawn, "importance": draw_importance(sweep, important)} if important else drawn
