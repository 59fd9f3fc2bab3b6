"""Does a lower leakage speed up the slow half of learning? `python -m experiments.leakage --help`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from experiments.charts import MEANING, Panels, draw_losses, draw_seeds, panels
from experiments.command import execute, make_parser
from experiments.comparison import Comparison, Variant
from experiments.table import LEARNING, heading, learning_cells
from nn.render.colours import HELD_OUT, MUTED, TRAIN
from workbench.tables import text_table

LEAKAGES = (0.5, 0.3, 0.1, 0.03, 0.01, 0.0)
LEARNING_RATES = {"adam": (0.001, 0.003), "momentum": (0.5, 1.5)}
"""The usual learning rate of each optimizer for this network, and a higher one."""

BASELINE_LEAKAGE = 0.1
HEIGHT = 800
SETTINGS = ("learning rate", "leakage")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment and return the exit status."""
    parser = make_parser(
        "leakage",
        "Train a small dense autoencoder with several leakages and two learning rates, and measure how "
        "long the slow half of learning takes: from half of the way, in log loss, between the loss after "
        "the first step and the final threshold, to that threshold, which is what the baseline (leakage "
        f"{BASELINE_LEAKAGE}, the lower rate) reaches in half of the epochs.",
    )
    parser.add_argument(
        "--optimizer", choices=LEARNING_RATES, default="adam", help="how to descend (default %(default)s)"
    )
    options = parser.parse_args(arguments)
    rates = LEARNING_RATES[options.optimizer]
    variants = [Variant(leakage, rate, options.optimizer) for rate in rates for leakage in LEAKAGES]
    baseline = Variant(BASELINE_LEAKAGE, rates[0], options.optimizer)
    return execute(parser, options, variants, baseline, show)


def show(comparison: Comparison, images: str) -> tuple[str, Image.Image]:
    """Return the table and the picture of a comparison."""
    what = f"{images}, optimizer {comparison.baseline.optimizer}"
    rows = [
        [f"{each.learning_rate:g}", f"{each.leakage:g}", *learning_cells(comparison, each)]
        for each in comparison.runs
    ]
    table = f"{heading(what, comparison)}\n\n{text_table([SETTINGS + LEARNING, *rows])}"
    return table, draw(comparison, f"{what}; {MEANING}")


def draw(comparison: Comparison, remark: str) -> Image.Image:
    """Draw the losses for either learning rate, and below them the slow half of every run."""
    rates = LEARNING_RATES[comparison.baseline.optimizer]
    with panels(HEIGHT) as picture:
        picture.title("Leakage and the slow half of learning", remark)
        for left, rate, name in zip((64, 494), rates, ("usual", "higher"), strict=True):
            axes = picture.panel((left, 112, left + 310, 440), f"held-out loss, {name} rate {rate:g}")
            variants = [each for each in comparison.runs if each.learning_rate == rate]
            draw_losses(picture, axes, comparison, {f"leakage {each.leakage:g}": each for each in variants})
        _draw_slow_halves(picture, comparison, rates)
        return picture.image()


def _draw_slow_halves(picture: Panels, comparison: Comparison, rates: Sequence[float]) -> None:
    axes = picture.panel((64, 530, 720, 740), "slow half: epochs from one dashed line to the other")
    ends = []
    for rate, colour in zip(rates, (TRAIN, HELD_OUT), strict=True):
        variants = [each for each in comparison.runs if each.learning_rate == rate]
        end = draw_seeds(axes, np.array([comparison.slow_halves(each) for each in variants]), colour)
        ends.append((f"learning rate {rate:g}", colour, end))
    axes.set_ylim(bottom=0)
    axes.set_xticks(range(len(LEAKAGES)), [f"{leakage:g}" for leakage in LEAKAGES])
    axes.set_xlabel("leakage", color=MUTED)
    picture.label_ends(axes, ends)


if __name__ == "__main__":
    raise SystemExit(main())
