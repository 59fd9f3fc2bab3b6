"""Does storing as bfloat16 change how a network learns? `python -m experiments.mixed_precision --help`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from experiments.charts import MEANING, draw_losses, panels
from experiments.command import execute, make_parser
from experiments.comparison import Comparison, Variant
from experiments.table import LEARNING, heading, learning_cells
from nn.render.colours import MUTED, TRAIN
from workbench.tables import text_table

BASELINE = Variant(storage="float32")
STORED = Variant(storage="bfloat16")
HEIGHT = 460
LEFTS = (60, 510)
PANEL_WIDTH = 300


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment and return the exit status."""
    parser = make_parser(
        "mixed_precision",
        "Train a small dense autoencoder that keeps values and signals as float32, and one that keeps them "
        "as bfloat16, from the same weights and on the same images in the same order. Measures the held-out "
        "loss and how long the slow half of learning takes (see experiments.leakage).",
    )
    options = parser.parse_args(arguments)
    return execute(parser, options, [BASELINE, STORED], BASELINE, show)


def show(comparison: Comparison, images: str) -> tuple[str, Image.Image]:
    """Return the table and the picture of a comparison."""
    rows = [[variant.storage, *learning_cells(comparison, variant)] for variant in comparison.runs]
    table = f"{heading(images, comparison)}\n\n{text_table([('storage', *LEARNING), *rows])}"
    return table, draw(comparison, f"{images}; {MEANING}")


def draw(comparison: Comparison, remark: str) -> Image.Image:
    """Draw the losses of both, and beside them by how much they differ with the same seed."""
    with panels(HEIGHT) as picture:
        picture.title("Values and signals stored as bfloat16", remark)
        axes = picture.panel((LEFTS[0], 112, LEFTS[0] + PANEL_WIDTH, 400), "held-out loss")
        draw_losses(picture, axes, comparison, {each.storage: each for each in comparison.runs})
        axes = picture.panel((LEFTS[1], 112, LEFTS[1] + PANEL_WIDTH, 400), "bfloat16 over float32, percent")
        epochs = comparison.task.measuring_epochs
        differences = relative_differences(comparison)
        for seed in differences:
            axes.plot(epochs, seed, ".", color=MUTED)
        axes.plot(epochs, differences.mean(axis=0), color=TRAIN)
        axes.set_xlim(0, comparison.task.epochs)
        axes.set_xlabel("epoch", color=MUTED)
        return picture.image()


def relative_differences(comparison: Comparison) -> np.ndarray:
    """Return by how many percent the loss in bfloat16 is above that in float32, (seeds, measurements)."""
    stored, single = (
        np.array([run.losses for run in comparison.runs[variant]]) for variant in (STORED, BASELINE)
    )
    return 100 * (stored / single - 1)


if __name__ == "__main__":
    raise SystemExit(main())
