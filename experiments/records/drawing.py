"""Panels of curves of recorded statistics, with bands over the runs of a variant."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from experiments.charts import Panels, epoch_ticks, make_logarithmic, ordered_colours, panels
from experiments.records.groups import BANDS, Band, Group, band, on_axis
from nn.render.colours import HELD_OUT, MUTED, TRAIN
from workbench.errors import InputError
from workbench.records import Store

TOP, PANEL, GAP, LEFT = 112, 260, 110, 80
RIGHT = 580
"""Where panels end; the names of the lines stand there."""

MOST_GROUPS = 12
"""Lines that can be told apart."""

LONGEST_NAME = 46
"""Characters of a line's name."""

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
            f"{len(groups)} variants are too many lines ({MOST_GROUPS} at most): choose fewer by "
            "--where, or the settings that count by --by"
        )
    with panels(TOP + len(drawn.statistics) * (PANEL + GAP)) as picture:
        runs = sum(len(group.runs) for group in groups)
        picture.title(f"{runs} runs", f"lines are means over the runs of a variant; {BANDS[drawn.band]}")
        for place, name in enumerate(drawn.statistics):
            top = TOP + place * (PANEL + GAP)
            axes = picture.panel((LEFT, top, RIGHT, top + PANEL), name)
            _draw_panel(picture, axes, list(_bands(store, groups, name, drawn)), drawn)
        return picture.image()


def _bands(
    store: Store, groups: Sequence[Group], name: str, drawn: Drawn
) -> Iterator[tuple[str, list[Band]]]:
    """Yield the bands of every group that has a statistic; several where its runs share no place."""
    there = False
    for group in groups:
        curves = [each for run in group.runs if len((each := _curve(store, run.number, name, drawn.over))[0])]
        if curves:
            there = True
            whole = band(curves, drawn.band)
            bands = [whole] if whole else [alone for one in curves if (alone := band([one]))]
            seeds = f" ({len(curves)} runs)" if len(curves) > 1 else ""
            yield f"{_short(group.name)}{seeds}", bands
    if not there:
        raise InputError(_nothing(store, groups, name, drawn.over))


def _curve(store: Store, number: int, name: str, over: str) -> tuple[np.ndarray, np.ndarray]:
    found = store.statistics(number, [name, over])
    if name not in found or (over != "step" and over not in found):
        return np.empty(0), np.empty(0)
    return on_axis(found[name], None if over == "step" else found[over])


def _nothing(store: Store, groups: Sequence[Group], name: str, over: str) -> str:
    known = sorted({each for group in groups for run in group.runs for each in store.statistics(run.number)})
    if name in known:
        return f"no run has finite values of {name!r} over {over!r}"
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
    return f"no run has a statistic called {name!r}; {hint}"


def _draw_panel(picture: Panels, axes: Axes, groups: Sequence[tuple[str, list[Band]]], drawn: Drawn) -> None:
    colours = [TRAIN, HELD_OUT] if len(groups) <= 2 else ordered_colours(len(groups))
    ends = []
    for (name, bands), colour in zip(groups, colours, strict=False):
        for each in bands:
            marker = "o" if len(each.places) <= FEW else ""
            axes.plot(each.places, each.mean, color=colour, marker=marker)
            axes.fill_between(each.places, each.low, each.high, color=colour, alpha=0.18, linewidth=0)
        ends.append((name, colour, float(bands[-1].mean[-1])))
    lowest = min(float(each.mean.min()) for _, bands in groups for each in bands)
    if drawn.logarithmic and lowest <= 0:
        raise InputError(f"--log: the lowest value is {lowest:g}: only numbers above 0 have a logarithm")
    if drawn.logarithmic:
        make_logarithmic(axes)
    if drawn.over == "epoch":
        axes.xaxis.set_major_locator(epoch_ticks())
    axes.set_xlabel(drawn.over, color=MUTED)
    picture.label_ends(axes, ends)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
