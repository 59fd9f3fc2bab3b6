"""The command `plot`: curves of statistics, a line for every variant and a band over its seeds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.records.choosing import add_filters, execute, found, make_parser, opened, query_of
from workbench.errors import InputError
from workbench.records import Query

AXES = ("step", "epoch", "seconds")


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw statistics of runs and return the exit status."""
    parser = make_parser(
        "plot",
        "Draw statistics of runs over their steps. Runs that differ in nothing but the seed are one line, "
        "their mean, with a band: its 95 % confidence interval, or the range of the runs. `show` lists the "
        "statistics of a run.",
        "held_out_loss --program autoencoder --where epochs=3 --output runs/loss.png",
    )
    parser.add_argument("statistics", metavar="NAME", nargs="+", help="names of statistics, a panel for each")
    add_filters(parser)
    parser.add_argument("--over", choices=AXES, default="step", help="along what (default %(default)s)")
    parser.add_argument("--by", metavar="NAME,...", default="", help="settings that make a line of their own")
    parser.add_argument("--band", choices=("confidence", "range"), default="confidence", help="(%(default)s)")
    parser.add_argument("--log", action="store_true", help="with a logarithmic scale")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", default=Path("runs/plot.png"), help="a .png (%(default)s)"
    )
    options = parser.parse_args(arguments)
    return execute(parser, partial(_plot, options))


def _plot(options: argparse.Namespace) -> int:
    from experiments.records.drawing import Drawn, draw  # noqa: PLC0415 - matplotlib
    from experiments.records.groups import grouped  # noqa: PLC0415 - NumPy
    from nn.render.canvas import save  # noqa: PLC0415 - as these
    from workbench.files import make_directory  # noqa: PLC0415 - as these

    if options.output.suffix.lower() != ".png":
        raise InputError(f"--output {options.output}: give a file that ends in .png")
    query: Query = query_of(options)
    with opened(options) as store:
        runs = sorted(found(store, query), key=lambda run: run.number)
        names = [name.strip() for name in options.by.split(",") if name.strip()]
        drawn = Drawn(options.statistics, options.over, options.band, options.log)
        picture = draw(store, grouped(store, runs, names), drawn)
    make_directory(options.output.parent)
    save(picture, options.output)
    print(f"{'picture':10} {options.output}")
    return 0
