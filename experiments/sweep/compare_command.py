"""`sweep compare`: kinds of search beside each other, each with several seeds, and the curve of the best."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from experiments.charts import make_logarithmic, ordered_colours, panels
from experiments.records.groups import BANDS, CONFIDENCE, Band, band
from experiments.sweep.commands import command_line, folder_of, go_on_or_begin, records_of
from experiments.sweep.loading import load_sweep
from experiments.sweep.measured import best_so_far, measured
from experiments.sweep.programs import Programs
from experiments.sweep.standings import DIGITS, spread
from experiments.sweep.sweep import Sweep
from experiments.sweep.trials import Trials
from experiments.sweep.variant import Variant
from nn.render import save
from nn.render.canvas import WIDTH
from nn.render.colours import HELD_OUT, MUTED, TRAIN
from workbench.errors import InputError
from workbench.exit_status import STOPPED
from workbench.files import make_directory, write_text
from workbench.records import Store
from workbench.tables import markdown_table, text_table

LEFT, TOP, RIGHT, PANEL = 80, 112, 150, 320

WIDE = 5
"""Ratio of the highest mean to the lowest from which on equal ratios are drawn equally long."""

SHARES = 0.25, 0.5, 1.0
"""Of the candidates, after which the table says the best."""

Curve = tuple[np.ndarray, np.ndarray]
"""How much of the budget was used, and the best until then."""


def compare(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Run what is missing, search by search and seed by seed, and say which found better settings."""
    sweeps = {
        kind: [load_sweep(options.file, programs, Variant(kind, seed)) for seed in range(options.seeds)]
        for kind in dict.fromkeys(options.searches)
    }
    for several in zip(*sweeps.values(), strict=True):  # seed by seed: what is there early can be compared
        for sweep in several:
            print(sweep.name, flush=True)
            if not go_on_or_begin(sweep, options, launcher):
                print(f"stopped; `{command_line('compare', options)}` with the same options goes on")
                return STOPPED
    path = records_of(options)
    curves = {kind: [_curve(sweep, path) for sweep in each] for kind, each in sweeps.items()}
    (first, *_), *_ = sweeps.values()
    folder = folder_of(first).with_name(f"{options.file.stem}-compared")
    make_directory(folder)
    rows = table_rows(curves)
    save(draw(first, curves), folder / "compared.png")
    write_text(folder / "compared.md", markdown_table(rows[0], rows[1:], (0,)) + "\n")
    print(f"\n{text_table(rows)}\n")
    for name in ("compared.md", "compared.png"):
        print(f"{'result':10} {folder / name}")
    return 0


def _curve(sweep: Sweep, records: Path) -> Curve:
    with Store.open(records) as store:
        rows = Trials.find(store, sweep).rows()
    found = np.array(list(best_so_far(sweep, measured(sweep, rows))), np.float64).reshape(-1, 2)
    if not len(found):
        raise InputError(f"{sweep.path}: {sweep.name}: no candidate has reached anything: nothing to compare")
    return found[:, 0], found[:, 1]


def at(curve: Curve, places: np.ndarray) -> np.ndarray:
    """Return the best of a curve at places, all of which it has reached."""
    used, best = curve
    return best[np.searchsorted(used, places, side="right") - 1]


def common(curves: Sequence[Curve]) -> list[Curve]:
    """Return the curves at the places of all of them that all have reached."""
    places = np.unique(np.concatenate([used for used, _ in curves]))
    places = places[places >= max(used[0] for used, _ in curves)]
    return [(places, at(curve, places)) for curve in curves]


def table_rows(curves: dict[str, list[Curve]]) -> list[list[str]]:
    """Return the heading and a row for every search: mean and standard deviation of the best over its seeds.

    The best are those after a quarter, half and all of the budget; what has ended before, because candidates
    failed, stays at what it had found.
    """
    last = max(used[-1] for several in curves.values() for used, _ in several)
    rows = [["search", *(f"best after {share * last:.{DIGITS}g}" for share in SHARES)]]
    for kind, several in curves.items():
        cells = []
        for share in SHARES:
            values = [
                float(at(each, np.array([share * last]))[0]) for each in several if each[0][0] <= share * last
            ]
            cells.append(spread(values) if len(values) == len(several) else "")
        rows.append([kind, *cells])
    return rows


def draw(sweep: Sweep, curves: dict[str, list[Curve]]) -> Image.Image:
    """Draw the mean of the best against the budget for every search, with a band over its seeds."""
    seeds = max(len(several) for several in curves.values())
    with panels(TOP + PANEL + 60) as picture:
        remark = f"lines are means over {seeds} searches; {BANDS[CONFIDENCE]}; thin: single searches"
        picture.title(f"{sweep.path.stem}: the best against the budget", remark)
        axes = picture.panel((LEFT, TOP, WIDTH - RIGHT, TOP + PANEL), sweep.file.objective.statistic)
        axes.set_xlabel(f"{sweep.file.budget.unit} used by all trials", color=MUTED)
        colours = [TRAIN, HELD_OUT] if len(curves) <= 2 else ordered_colours(len(curves))
        bands = {kind: band(common(several)) for kind, several in curves.items()}
        for (kind, several), colour in zip(curves.items(), colours, strict=False):
            _draw_search(axes, several, bands[kind], colour)
        means = [float(mean) for each in bands.values() if each is not None for mean in each.mean]
        if min(means) > 0 and max(means) > WIDE * min(means):
            make_logarithmic(axes)
            axes.set_ylim(0.9 * min(best.min() for several in curves.values() for _, best in several))
        ends = [
            (f"{kind} {float(each.mean[-1]):.{DIGITS}g}", colour, float(each.mean[-1]))
            for (kind, each), colour in zip(bands.items(), colours, strict=False)
            if each is not None
        ]
        picture.label_ends(axes, ends)
        return picture.image()


def _draw_search(axes: Axes, several: Sequence[Curve], whole: Band | None, colour: str) -> None:
    for used, best in several:
        axes.step(used, best, where="post", color=colour, alpha=0.3, linewidth=0.7)
    if whole is not None:
        axes.step(whole.places, whole.mean, where="post", color=colour)
        axes.fill_between(
            whole.places, whole.low, whole.high, step="post", color=colour, alpha=0.18, linewidth=0
        )
