"""What do lower initial biases do? `python -m experiments.biases --help`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from experiments.activity import Activity
from experiments.charts import MEANING, Panels, draw_losses, draw_seeds, panels
from experiments.command import execute, make_parser
from experiments.comparison import Comparison, Variant
from experiments.table import LEARNING, heading, learning_cells
from nn.render.colours import HELD_OUT, MUTED, TRAIN
from workbench.tables import text_table

BIAS_MEANS = (0.3, 0.0, -0.1, -0.3, -1.0)
LEAKAGES = (0.1, 0.01, 0.0)
BASELINE = Variant(leakage=LEAKAGES[0], bias_mean=0.0)
HEIGHT = 720
LEFTS = (60, 342, 624)
PANEL_WIDTH = 176
SETTINGS = ("leakage", "bias")
ACTIVITY = ("active before, %", "active after, %", "dead before, %", "dead after, %")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment and return the exit status."""
    parser = make_parser(
        "biases",
        "Train a small dense autoencoder whose hidden neurons start with one bias or another, at several "
        "leakages. Measures the loss, how long the slow half of learning takes (see experiments.leakage; "
        "the baseline has leakage 0.1 and biases of 0), and in every hidden layer, before and after "
        "training, the share of active neurons (value above zero, over all held-out images) and of dead "
        "ones (active for none of them).",
    )
    options = parser.parse_args(arguments)
    variants = [Variant(leakage, bias_mean=mean) for leakage in LEAKAGES for mean in BIAS_MEANS]
    return execute(parser, options, variants, BASELINE, show)


def show(comparison: Comparison, images: str) -> tuple[str, Image.Image]:
    """Return the tables and the picture of a comparison."""
    learning, activity = [], []
    for variant, runs in comparison.runs.items():
        settings = [f"{variant.leakage:g}", f"{variant.bias_mean:g}"]
        learning.append(settings + learning_cells(comparison, variant))
        before = _layer_shares([run.before for run in runs])
        after = _layer_shares([run.after for run in runs])
        activity.append([*settings, before[0], after[0], before[1], after[1]])
    table = (
        f"{heading(images, comparison)}\n\n{text_table([SETTINGS + LEARNING, *learning])}\n\n"
        f"shares in each of the hidden layers in order, mean over the seeds\n\n"
        f"{text_table([SETTINGS + ACTIVITY, *activity])}"
    )
    return table, draw(comparison, f"{images}; {MEANING}")


def _layer_shares(activities: Sequence[Sequence[Activity]]) -> tuple[str, str]:
    """Write the shares of active and of dead neurons in every layer, in percent."""
    active, dead = (100 * np.mean(activities, axis=0)).T
    return " ".join(f"{share:3.0f}" for share in active), " ".join(f"{share:3.0f}" for share in dead)


def draw(comparison: Comparison, remark: str) -> Image.Image:
    """Draw the losses at every leakage, and below them the shares of active and dead neurons."""
    with panels(HEIGHT) as picture:
        picture.title("Initial biases of the hidden neurons", remark)
        for left, leakage in zip(LEFTS, LEAKAGES, strict=True):
            variants = [variant for variant in comparison.runs if variant.leakage == leakage]
            names = {f"bias {variant.bias_mean:g}".replace("-", "−"): variant for variant in variants}
            axes = picture.panel((left, 112, left + PANEL_WIDTH, 400), f"held-out loss, leakage {leakage:g}")
            draw_losses(picture, axes, comparison, names)
            _draw_activity(picture, comparison, variants, left)
        return picture.image()


def _draw_activity(picture: Panels, comparison: Comparison, variants: Sequence[Variant], left: int) -> None:
    title = f"hidden neurons, leakage {variants[0].leakage:g}"
    axes = picture.panel((left, 490, left + PANEL_WIDTH, 660), title)
    runs = [comparison.runs[variant] for variant in variants]
    before = np.array([[np.mean(run.before, axis=0) for run in each] for each in runs])
    after = np.array([[np.mean(run.after, axis=0) for run in each] for each in runs])
    ends = []
    for name, colour, shares in (
        ("active before", MUTED, before[..., 0]),
        ("active after", TRAIN, after[..., 0]),
        ("dead after", HELD_OUT, after[..., 1]),
    ):
        ends.append((name, colour, draw_seeds(axes, 100 * shares, colour)))
    axes.set_ylim(-4, 104)
    axes.set_xticks(range(len(variants)), [f"{each.bias_mean:g}".replace("-", "−") for each in variants])
    axes.set_xlabel("initial bias", color=MUTED)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    if left == LEFTS[-1]:
        picture.label_ends(axes, ends)


if __name__ == "__main__":
    raise SystemExit(main())
