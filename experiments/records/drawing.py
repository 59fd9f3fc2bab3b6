"""Panels of curves of recorded statistics, with bands over the runs of a variant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from PIL import Image

from experiments.charts import Panels, epoch_ticks, make_logarithmic, ordered_colours, panels
from experiments.records.groups import BANDS, MOST_GROUPS, TOO_MANY, Curves, Group, curves
from nn.render.colours import HELD_OUT, MUTED, TRAIN
from workbench.errors import InputError
from workbench.records import Store

TOP, PANEL, GAP, LEFT = 112, 260, 110, 80
RIGHT = 580
"""Where panels end; the names of the lines stand there."""

FEW = 30
"""Points up to which each is a dot."""


class Drawn(NamedTuple):
    """What is drawn: statistics, along what, the kind of the band, and whether the scale is logarithmic."""

    statistics: Sequence[str]
    over: str
    band: str
    logarithmic: bool


def draw(store: Store, groups: Sequence[Group], drawn: Drawn) -> Image.Image:
    """Draw a panel for every statistic, in it a line for every group.

    Raises
    ------
    InputError
        When there are too many groups, or no run has a statistic; says which it has.
    """
    if len(groups) > MOST_GROUPS:
        raise InputError(
            f"{TOO_MANY.format(len(groups))}: choose fewer by --where, or the settings that count by --by"
        )
    with panels(TOP + len(drawn.statistics) * (PANEL + GAP)) as picture:
        runs = sum(len(group.runs) for group in groups)
        picture.title(f"{runs} runs", f"lines are means over the runs of a variant; {BANDS[drawn.band]}")
        for place, name in enumerate(drawn.statistics):
            top = TOP + place * (PANEL + GAP)
            axes = picture.panel((LEFT, top, RIGHT, top + PANEL), name)
            found = list(curves(store, groups, name, drawn.over, drawn.band))
            if not found:
                raise InputError(_nothing(store, groups, name, drawn.over))
            _draw_panel(picture, axes, found, drawn)
        return picture.image()


def _nothing(store: Store, groups: Sequence[Group], name: str, over: str) -> str:
    known = sorted({each for group in groups for run in group.runs for each in store.statistics(run.number)})
    if name in known:
        return f"no run has finite values of {name!r} over {over!r}"
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
    return f"no run has a statistic called {name!r}; {hint}"


def _draw_panel(picture: Panels, axes: Axes, groups: Sequence[Curves], drawn: Drawn) -> None:
    colours = [TRAIN, HELD_OUT] if len(groups) <= 2 else ordered_colours(len(groups))
    ends = []
    for group, colour in zip(groups, colours, strict=False):
        for each in group.bands:
            marker = "o" if len(each.places) <= FEW else ""
            axes.plot(each.places, each.mean, color=colour, marker=marker)
            axes.fill_between(each.places, each.low, each.high, color=colour, alpha=0.18, linewidth=0)
        ends.append((group.label, colour, float(group.bands[-1].mean[-1])))
    lowest = min(float(each.mean.min()) for group in groups for each in group.bands)
    if drawn.logarithmic and lowest <= 0:
        raise InputError(f"--log: the lowest value is {lowest:g}: only numbers above 0 have a logarithm")
    if drawn.logarithmic:
        make_logarithmic(axes)
    if drawn.over == "epoch":
        axes.xaxis.set_major_locator(epoch_ticks())
    axes.set_xlabel(drawn.over, color=MUTED)
    picture.label_ends(axes, ends)
