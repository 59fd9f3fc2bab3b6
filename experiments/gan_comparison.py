"""What do losses and stabilisers of adversarial networks do? `python -m experiments.gan_comparison --help`.

Every variant is trained with several seeds as a run of `python -m experiments gan` in a folder of its own:
what was stopped goes on where it was, and what is done is not done again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from experiments.charts import Panels, epoch_ticks, make_logarithmic, ordered_colours, panels
from experiments.command import whole_number
from experiments.evaluation.frechet import frechet_distance, in_components
from experiments.evaluation.neighbours import support
from experiments.gan.__main__ import main as gan
from experiments.gan.data import Data, load_data
from experiments.gan.folder import Model, RunFolder
from experiments.gan.plots import MARKED
from experiments.gan.sampling import generate
from experiments.gan.settings import TABLE
from networks.gan.state import read_gan_state
from nn.render.canvas import save
from nn.render.colours import HELD_OUT, MUTED
from nn.render.grids import Grid, draw_grid
from workbench.errors import InputError
from workbench.exit_status import BAD_INPUT
from workbench.records.place import add_records_option
from workbench.settings.stored import settings_of
from workbench.settings.table import Given, to_key, to_name
from workbench.tables import text_table

RELATIVISTIC = {"loss": "relativistic", "penalty": "r1_r2", "penalty-weight": "0.1"}
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "non-saturating": {},
    "with spectral norm": {"discriminator-normalisation": "spectral"},
    "with multi-scale": {"multi-scale": "yes"},
    "relativistic, R1, R2": RELATIVISTIC,
    "R1, R2, multi-scale": {**RELATIVISTIC, "multi-scale": "yes"},
}
"""Settings of every variant."""

COMPARED = 1000
"""Most entries of each side of a distance."""

SHOWN = 10
"""Images of each variant in the picture of samples."""

SAMPLES_HEIGHT = 640
"""Pixels that this picture may have."""

LOWEST = 1e-5
"""Scores below are drawn there: around zero they are chance."""

HEIGHT = 460
MEAN_WIDTH = 12
"""Of the dash at the mean of the seeds."""

MEANING = "lines and dashes are means over the seeds, dots are single seeds"
HEADINGS = ("variant", "MMD² x 1000", "Fréchet distance", "coverage", "minutes")


class Outcome(NamedTuple):
    """What one run came to.

    Attributes
    ----------
    scores
        MMD² to validation entries after every epoch, float64 (epochs,).
    distance
        Fréchet distance of generated and test entries, in principal components.
    coverage
        Share of test entries that have a generated one among their neighbours' distances.
    minutes
        Of training.
    samples
        (SHOWN, *shape), 0 to 1.
    """

    scores: np.ndarray
    distance: float
    coverage: float
    minutes: float
    samples: np.ndarray


Outcomes = Mapping[str, Sequence[Outcome]]


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.gan_comparison",
        description="Train adversarial networks on the same images for as many rounds: with the "
        "non-saturating loss, with spectral normalisation, with multi-scale gradients, and with the "
        "relativistic loss, R1 and R2. Compares scores, distances and samples over seeds.",
        epilog="example: python -m experiments.gan_comparison faces --epochs 10",
    )
    parser.add_argument("data", metavar="PATH", help="images, or digits; as --data of experiments gan")
    parser.add_argument("--size", type=whole_number(8), default=28, help="side of images (%(default)s)")
    parser.add_argument("--epochs", type=whole_number(1), default=10, help="of every run (%(default)s)")
    parser.add_argument("--seeds", type=whole_number(1), default=3, help="runs of a variant (%(default)s)")
    parser.add_argument("--filters", type=whole_number(1), default=16, help="at full size (%(default)s)")
    parser.add_argument("--limit", type=whole_number(50), help="use only the first so many images")
    parser.add_argument("--threads", type=whole_number(1), default=1, help="(default %(default)s)")
    add_records_option(parser)
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/gan-comparison"), help="(default %(default)s)"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is not trained yet, print a table and save two pictures; return the exit status."""
    options = make_parser().parse_args(arguments)
    outcomes: dict[str, list[Outcome]] = {name: [] for name in VARIANTS}
    try:
        for seed in range(options.seeds):
            for name in VARIANTS:
                check_same(options, name, seed)
        for seed in range(options.seeds):
            for name in VARIANTS:
                status = train(options, name, seed)
                if status:
                    return status
                outcomes[name].append(measure(folder_of(options, name, seed)))
    except InputError as error:
        print(f"python -m experiments.gan_comparison: {error}", file=sys.stderr)
        return BAD_INPUT
    print(table(outcomes))
    pictures = {"scores": draw(outcomes, title_of(options)), "samples": draw_samples(outcomes)}
    for name, picture in pictures.items():
        save(picture, options.folder / f"{name}.png")
        print(f"{name:10} {options.folder / f'{name}.png'}")
    return 0


def folder_of(options: argparse.Namespace, name: str, seed: int) -> Path:
    """Return the folder of a run."""
    words = "-".join(name.lower().replace(",", "").split())
    folder: Path = options.folder / f"{words}-{seed}"
    return folder


def settings_for(options: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """Return what decides the model of a run."""
    return {
        "data": options.data,
        "size": options.size,
        "filters": options.filters,
        "conditioning": "none",
        "every": 1000,
        "seed": seed,
        **({} if options.limit is None else {"limit": options.limit}),
        **VARIANTS[name],
    }


def check_same(options: argparse.Namespace, name: str, seed: int) -> None:
    """Refuse a run of a folder that was begun with other settings, or has gone further.

    Raises
    ------
    InputError
        Naming the folder and both.
    """
    folder = RunFolder(folder_of(options, name, seed))
    if not folder.holds_run():
        return
    snapshot = folder.load()
    begun = TABLE.make(settings_of(snapshot))
    wanted = {
        to_name(key): Given(str(value), key) for key, value in settings_for(options, name, seed).items()
    }
    asked = TABLE.make(wanted)
    for field in sorted({"limit", *wanted}):
        before, now = getattr(begun, field), getattr(asked, field)
        if before != now:
            raise InputError(
                f"{folder.path}: was begun with {to_key(field)} {before}, not {now}: "
                "give that, or another --folder"
            )
    rows = read_gan_state(snapshot).rows
    if rows and rows[-1].epoch > options.epochs:
        raise InputError(
            f"{folder.path}: has {rows[-1].epoch:g} epochs, more than {options.epochs}: give as many, or "
            "another --folder"
        )


def train(options: argparse.Namespace, name: str, seed: int) -> int:
    """Begin a run or go on with it; return its exit status."""
    folder = folder_of(options, name, seed)
    print(f"{name}, seed {seed}: {folder}", flush=True)
    common = ["--epochs", options.epochs, "--threads", options.threads, "--folder", folder]
    common += [] if options.records is None else ["--records", options.records]
    if RunFolder(folder).holds_run():
        return gan([str(word) for word in ("continue", *common)])
    settings = settings_for(options, name, seed)
    words = [word for key, value in settings.items() for word in (f"--{key}", value)]
    return gan([str(word) for word in ("train", *words, *common)])


def measure(folder: Path) -> Outcome:
    """Return what the run of a folder came to."""
    snapshot = RunFolder(folder).load()
    model, state = Model.of(snapshot), read_gan_state(snapshot)
    data: Data = load_data(model.settings)
    generator = np.random.default_rng(0)
    real = data.test.values[:COMPARED]
    made = generate(model.gan, model.form, len(real), generator).values
    distance = frechet_distance(*in_components(real, made))
    coverage = support(real, made).coverage
    scores = np.array([row.scores["mmd"] for row in state.rows if "mmd" in row.scores])
    return Outcome(scores, distance, coverage, state.seconds / 60, model.form.shares(made[:SHOWN]))


def title_of(options: argparse.Namespace) -> str:
    """Return what was learned, in a line."""
    name = Path(options.data).resolve().name
    return f"{name}, {options.size} x {options.size}, {options.epochs} epochs; {MEANING}"


def table(outcomes: Outcomes) -> str:
    """Return means over the seeds with their spread."""
    rows = []
    for name, runs in outcomes.items():
        numbers = [
            [1000 * run.scores[-1] for run in runs],
            [run.distance for run in runs],
            [run.coverage for run in runs],
            [run.minutes for run in runs],
        ]
        rows.append([name, *(f"{np.mean(each):.3g} ± {np.std(each):.2g}" for each in numbers)])
    return text_table([HEADINGS, *rows])


def draw(outcomes: Outcomes, remark: str) -> Image.Image:
    """Draw the scores while the variants learn, and where each seed ended."""
    with panels(HEIGHT) as picture:
        picture.title("Losses and stabilisers of adversarial networks", remark)
        _draw_scores(picture, outcomes)
        distances = np.array([[run.distance for run in runs] for runs in outcomes.values()])
        coverages = np.array([[run.coverage for run in runs] for runs in outcomes.values()])
        _draw_ends(picture, (470, 112, 640, 330), "Fréchet distance, lower is better", distances, outcomes)
        _draw_ends(picture, (700, 112, 870, 330), "coverage, higher is better", coverages, outcomes)
        return picture.image()


def _draw_scores(picture: Panels, outcomes: Outcomes) -> None:
    axes = picture.panel((60, 112, 290, 390), "MMD² to validation images")
    ends = []
    for (name, runs), colour in zip(outcomes.items(), ordered_colours(len(outcomes)), strict=True):
        means = np.maximum(np.mean([run.scores for run in runs], axis=0), LOWEST)
        axes.plot(
            np.arange(1, len(means) + 1), means, color=colour, marker="o" if len(means) <= MARKED else ""
        )
        ends.append((name, colour, float(means[-1])))
    make_logarithmic(axes)
    axes.xaxis.set_major_locator(epoch_ticks())
    axes.set_xlabel("epoch", color=MUTED)
    picture.label_ends(axes, ends)


def _draw_ends(
    picture: Panels, box: tuple[int, int, int, int], title: str, numbers: np.ndarray, outcomes: Outcomes
) -> None:
    axes: Axes = picture.panel(box, title)
    places = np.indices(numbers.shape)[0]
    axes.plot(places, numbers, "o", color=HELD_OUT, alpha=0.45, markeredgewidth=0)
    axes.plot(numbers.mean(axis=1), "_", color=HELD_OUT, markersize=MEAN_WIDTH)
    axes.margins(x=0.12)
    axes.set_ylim(bottom=0)
    axes.set_xticks(range(len(outcomes)), list(outcomes), rotation=50, ha="right")


def draw_samples(outcomes: Outcomes) -> Image.Image:
    """Draw images of the first seed, a row for each variant."""
    rows = [runs[0].samples for runs in outcomes.values()]
    count, height, width, _ = rows[0].shape
    grid = Grid(len(rows), count, height, width, row_labels=list(outcomes), greatest_height=SAMPLES_HEIGHT)
    return draw_grid(
        grid, ((row, place, cell) for row, cells in enumerate(rows) for place, cell in enumerate(cells))
    )


if __name__ == "__main__":
    raise SystemExit(main())
