"""What keeps a network of videos from learning: each mistake beside the same run without it.

* squeezed range: a sigmoid of a tanh reaches 0.269 to 0.731 only;
* cells at zero: decoder and predictor are given the hidden values of the encoder, and not its cells;
* overlapping batches: a batch of neighbouring windows of one film, which show nearly the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from PIL import Image

from experiments.charts import make_logarithmic, panels
from experiments.video.data import digits_of, load_data
from experiments.video.many_runs import ERROR_COLUMNS, ERROR_HEADINGS, Outcome, Say, Watch, run_all
from experiments.video.plots import GAP, LEFT, PANEL, TOP
from experiments.video.settings import Settings, blueprint_of
from networks.video.blueprint import SQUEEZED, TASKS
from nn.data.video import MovingDigits
from nn.render.canvas import WIDTH
from nn.render.colours import HELD_OUT, MUTED, TRAIN
from workbench.files import make_directory, write_array

SEEDS = 3
"""Runs of every kind."""

FILMS, FILM_FRAMES = 100, 200
"""Films that are cut into overlapping windows, and their frames."""

FILMS_NAME = "films.npy"
RIGHT = 250


class Kind(NamedTuple):
    """One way to train.

    Attributes
    ----------
    name
        In plots and tables.
    changes
        Settings.
    of_films
        Whether clips are windows of films; otherwise endless clips of digits.
    """

    name: str
    changes: Mapping[str, Any] = {}
    of_films: bool = False


RIGHT_WAY = Kind("all states, sigmoid")
SQUEEZING = Kind("sigmoid of a tanh", {"last": SQUEEZED, "allow_squeezed": True})
ZEROED = Kind("cells at zero", {"handed_on": "hidden"})
SHUFFLED = Kind("windows of all films, shuffled", {"stride": 1}, of_films=True)
NEIGHBOURS = Kind("windows in the order of the film", {"stride": 1, "clip_order": "film"}, of_films=True)

MISTAKES: Mapping[str, tuple[Kind, Kind]] = {
    "squeezed range": (RIGHT_WAY, SQUEEZING),
    "cells at zero": (RIGHT_WAY, ZEROED),
    "overlapping batches": (SHUFFLED, NEIGHBOURS),
}
"""What is shown: without and with it."""


@dataclass(frozen=True)
class Planned:
    """A run of a kind."""

    kind: Kind = field(hash=False)
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.kind.name.replace(',', '').replace(' ', '-')}-{self.seed}"

    def settings(self, base: Settings) -> Settings:
        """Return its settings, given those of all."""
        own = {"folder": base.run_folder / self.name, "seed": base.seed + self.seed}
        if self.kind.of_films:
            own |= {"data": str(films_of(base)), "axes": "NTHW"}
        return base.model_copy(update={**self.kind.changes, **own})


RunOutcome: TypeAlias = Outcome[Planned]
KINDS = tuple({kind.name: kind for pair in MISTAKES.values() for kind in pair}.values())
PLANS = [Planned(kind, seed) for seed in range(SEEDS) for kind in KINDS]


HEADINGS = ["mistake", "", "trained", *ERROR_HEADINGS]


def films_of(base: Settings) -> Path:
    """Return where the films of digits are kept that windows are cut from."""
    return base.run_folder / FILMS_NAME


def run_mistakes(
    base: Settings, say: Say, watch: Watch, records: str | None = None
) -> list[RunOutcome] | None:
    """Make the films and train all runs; see `run_all`."""
    if not films_of(base).exists():
        _write_films(base)
    return run_all(
        PLANS, base, lambda settings: load_data(settings, blueprint_of(settings).steps), say, watch, records
    )


def _write_films(base: Settings) -> None:
    moving = MovingDigits(
        digits_of(base).training,
        size=base.size,
        per_clip=base.digits_per_clip,
        steps=FILM_FRAMES,
        step_length=base.step_length,
    )
    make_directory(base.run_folder)
    write_array(films_of(base), moving.clips(np.arange(FILMS))[..., 0])


def text_rows(outcomes: Sequence[RunOutcome]) -> list[list[str]]:
    """Return a row of cells for every mistake without it and with it: means and spread over the seeds."""
    rows = []
    for mistake, kinds in MISTAKES.items():
        for place, kind in enumerate(kinds):
            runs = [each for each in outcomes if each.plan.kind is kind]
            cells = [_written([run.error(head, error) for run in runs]) for head, error in ERROR_COLUMNS]
            rows.append([mistake, "with" if place else "without", kind.name, *cells])
    return rows


def _written(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return f"diverged, {len(values) - len(known)} of {len(values)}"
    return f"{np.mean(known):.1f} ± {np.std(known, ddof=1):.1f}" if len(known) > 1 else f"{known[0]:.1f}"


def draw_mistakes(outcomes: Sequence[RunOutcome], remark: str) -> Image.Image:
    """Draw, for every mistake and head, the cross-entropy on validation clips without and with it."""
    shown = [(mistake, head) for mistake in MISTAKES for head in TASKS["both"]]
    with panels(TOP + len(shown) * (PANEL + GAP)) as picture:
        picture.title("What keeps it from learning", remark)
        for number, (mistake, head) in enumerate(shown):
            top = TOP + number * (PANEL + GAP)
            box = LEFT, top, WIDTH - RIGHT, top + PANEL
            axes = picture.panel(box, f"{mistake}, {head}: cross-entropy per frame, nats")
            ends = []
            for kind, colour in zip(MISTAKES[mistake], (TRAIN, HELD_OUT), strict=True):
                curves = [_curve(each, head) for each in outcomes if each.plan.kind is kind]
                for steps, values in curves:
                    axes.plot(steps, values, color=colour)
                last = float(np.mean([values[-1] for _, values in curves]))
                ends.append((f"{kind.name} {last:.4g}", colour, last))
            make_logarithmic(axes)
            axes.set_xlabel("steps", color=MUTED)
            picture.label_ends(axes, ends)
        return picture.image()


def _curve(outcome: RunOutcome, head: str) -> tuple[np.ndarray, np.ndarray]:
    return outcome.column("step"), outcome.column(f"validation_{head}_nats_per_frame")
