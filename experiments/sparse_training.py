"""What do moving connections gain? `python -m experiments sparse_training --help`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator
from PIL import Image
from tqdm import tqdm

from experiments.charts import MEANING, POINTS, Panels, ordered_colours, panels
from experiments.command import picture_path, whole_number
from experiments.sparse_classifier import DENSE, SPARSE, Task, Variant, train
from nn import DataError, Shape, TrainingDiverged
from nn.data.labelled import load_labelled
from nn.render import save
from nn.render.colours import MUTED
from workbench.records.place import add_records_option
from workbench.tables import text_table

DENSITIES = (0.01, 0.02, 0.05, 0.1, 0.2)
HEIGHT = 460
BOX = (60, 112, 780, 400)
BAND = 0.18

Accuracies = Mapping[Variant, Sequence[float]]
"""Shares of test images that are read right, one for every seed."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments sparse_training",
        description="Train classifiers with few connections that stay where they are, that move at random "
        "(SET) and that move to where gradients are largest (RigL), and one with all connections. Compares "
        "how many test images they read right, by density.",
        epilog="example: python -m experiments sparse_training data/mnist",
    )
    parser.add_argument(
        "images",
        type=Path,
        nargs="?",
        help="folder of IDX files with their labels, such as MNIST's (default: rendered digits)",
    )
    parser.add_argument("--limit", type=whole_number(2), help="use only the first so many images")
    parser.add_argument("--epochs", type=whole_number(1), default=10, help="of every run (%(default)s)")
    parser.add_argument("--seeds", type=whole_number(1), default=5, help="runs of a variant (%(default)s)")
    parser.add_argument(
        "--densities",
        type=_densities,
        default=DENSITIES,
        metavar="D,D,...",
        help="shares of all connections (default 0.01,0.02,0.05,0.1,0.2)",
    )
    parser.add_argument(
        "--output",
        type=picture_path,
        default=Path("runs/sparse_training.png"),
        metavar="FILE",
        help="where the picture goes, a .png (default %(default)s)",
    )
    add_records_option(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train all variants, print a table and save the picture; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        generator = np.random.default_rng(0)
        shape, limit = Shape(28, 28, 1), options.limit
        images = load_labelled(options.images, shape, generator=generator, limit=limit)
        options.output.parent.mkdir(parents=True, exist_ok=True)
    except (DataError, OSError) as error:
        parser.error(str(error))
    name = "rendered digits" if options.images is None else options.images.resolve().name
    try:
        accuracies = compare(Task(*images, options.epochs), options)
        epochs = "1 epoch" if options.epochs == 1 else f"{options.epochs} epochs"
        remark = f"{len(images[0]):,} images of {name}, {epochs}"
        save(draw(accuracies, f"{remark}; {MEANING}"), options.output)
    except KeyboardInterrupt:
        return 130
    except (TrainingDiverged, OSError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    print(f"{remark}, mean ± standard deviation over {options.seeds} seeds\n\n{table(accuracies)}")
    print(f"\npicture: {options.output}")
    return 0


def compare(task: Task, options: argparse.Namespace) -> Accuracies:
    """Train every variant with every seed."""
    sparse = [Variant(method, density) for density in options.densities for method in SPARSE]
    accuracies: dict[Variant, list[float]] = {variant: [] for variant in (Variant(DENSE, 1.0), *sparse)}
    with tqdm(total=len(accuracies) * options.seeds, unit="run", disable=None) as bar:
        for seed in range(options.seeds):
            for variant, found in accuracies.items():
                found.append(train(variant, task, seed, "experiments.sparse_training", options.records))
                bar.update()
    return accuracies


def table(accuracies: Accuracies) -> str:
    """Return a row for every density, in percent."""
    rows = [["density", *SPARSE]]
    densities = sorted({variant.density for variant in accuracies if variant.method != DENSE})
    for density in densities:
        rows.append([f"{density:g}", *(_cell(accuracies[Variant(method, density)]) for method in SPARSE)])
    return f"{text_table(rows)}\n\ndense: {_cell(accuracies[Variant(DENSE, 1.0)])}"


def _cell(shares: Sequence[float]) -> str:
    return f"{100 * np.mean(shares):.2f} ± {100 * np.std(shares):.2f}"


def draw(accuracies: Accuracies, remark: str) -> Image.Image:
    """Draw the accuracy of every method by density, and that of the dense network as a line across."""
    with panels(HEIGHT) as picture:
        picture.title("Sparse networks whose connections stay or move", remark)
        _draw_lines(picture, accuracies)
        return picture.image()


def _draw_lines(picture: Panels, accuracies: Accuracies) -> None:
    axes = picture.panel(BOX, "test images read right, percent")
    dense = 100 * float(np.mean(accuracies[Variant(DENSE, 1.0)]))
    axes.axhline(dense, color=MUTED, linewidth=POINTS, linestyle=(0, (4, 3)))
    ends = [("all connections", MUTED, dense)]
    densities = sorted({variant.density for variant in accuracies if variant.method != DENSE})
    for method, colour in zip(SPARSE, ordered_colours(len(SPARSE)), strict=True):
        numbers = 100 * np.array([accuracies[Variant(method, density)] for density in densities])
        axes.plot(densities, numbers.mean(axis=1), color=colour)
        axes.plot(densities, numbers, "o", color=colour, alpha=0.45, markeredgewidth=0)
        ends.append((method, colour, float(numbers[-1].mean())))
    axes.set_xscale("log")
    axes.set_xlim(densities[0] * (1 - BAND), densities[-1] * (1 + BAND))
    axes.xaxis.set_major_locator(FixedLocator(densities))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda density, _: f"{density:g}")
    axes.set_xlabel("share of all connections", color=MUTED)
    picture.label_ends(axes, ends)


def _densities(text: str) -> tuple[float, ...]:
    try:
        densities = tuple(float(word) for word in text.split(","))
    except ValueError:
        densities = ()
    if not densities or not all(0 < density <= 1 for density in densities):
        raise argparse.ArgumentTypeError(f"{text!r}: give numbers above 0 and at most 1, such as 0.05,0.1")
    return tuple(sorted(set(densities)))


if __name__ == "__main__":
    raise SystemExit(main())
