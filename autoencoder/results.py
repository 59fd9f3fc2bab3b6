"""Pictures and a table of what a model has learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from autoencoder.drawing import STRONGEST, draw_model
from autoencoder.model import AutoEncoder
from autoencoder.settings import Settings
from nn import ImageSet
from nn.render.canvas import save
from nn.render.curves import loss_curve
from nn.render.diagram import network_picture
from nn.render.grids import reconstructions
from nn.render.sweep import code_sweep
from nn.training.log import LogRow, TrainingLog, to_csv
from workbench.files import make_directory, write_text

PAIRS = 36
"""Originals and outputs in the picture of reconstructions."""

SWEPT = 10
"""Numbers of the code that are swept: those that differ most between images."""

COLUMNS = 9
"""Values that each of them is given."""

SWEEP_TITLE = "One number of a code changed at a time, over the percentiles it has for other images"

CODES = 1000
"""Images from whose codes the range of each number is taken."""


def write_pictures(model: AutoEncoder, images: ImageSet, directory: Path) -> list[Path]:
    """Draw reconstructions, the network and the sweep of its code.

    Parameters
    ----------
    model
        What is drawn.
    images
        At least one; best such that the model was not trained on.
    directory
        Made if it does not exist.

    Returns
    -------
    list of Path
        The files, each replaced as a whole.
    """
    make_directory(directory)
    paths = [directory / f"{name}.png" for name in ("reconstructions", "network", "code_sweep")]
    originals = images.batch(spread(len(images), PAIRS))[0]
    save(reconstructions(originals, model.reconstruct(originals)), paths[0])
    drawing = draw_model(model, originals[0])
    save(network_picture(drawing.layers, drawing.connections, strongest=STRONGEST), paths[1])
    codes = model.encode(images.batch(spread(len(images), CODES))[0])
    swept, labels, values = sweep(model, codes)
    save(code_sweep(swept, row_labels=labels, column_labels=values, title=SWEEP_TITLE), paths[2])
    return paths


def spread(size: int, count: int) -> np.ndarray:
    """Return `count` places of `size`, or all, at equal distances: neighbours may be cut from one image."""
    return np.linspace(0, size - 1, min(size, count)).round().astype(np.int64)


def sweep(model: AutoEncoder, codes: np.ndarray) -> tuple[np.ndarray, list[str], list[str]]:
    """Decode the first code with one number at a time changed.

    Parameters
    ----------
    model
        Decodes.
    codes
        (N, code size); the range of each number is that of these codes, without the outermost hundredths.

    Returns
    -------
    images, row labels, column labels
        (numbers, `COLUMNS`, height, width, channels), and what is written beside and above them.
    """
    chosen = np.argsort(-codes.std(axis=0), kind="stable")[:SWEPT]
    shares = np.linspace(0.01, 0.99, COLUMNS)
    values = np.quantile(codes[:, chosen], shares, axis=0).T
    changed = np.repeat(codes[:1], chosen.size * COLUMNS, axis=0).reshape(chosen.size, COLUMNS, -1)
    for row, number in enumerate(chosen):
        changed[row, :, number] = values[row]
    images = model.decode(changed.reshape(chosen.size * COLUMNS, -1))
    row_labels = [f"code {number}" for number in chosen]
    return (
        images.reshape(chosen.size, COLUMNS, *model.shape),
        row_labels,
        [f"{share:.0%}" for share in shares],
    )


def write_losses(rows: Sequence[LogRow], log: TrainingLog, settings: Settings, entries: int) -> list[Path]:
    """Write the table of losses, and draw their curve if there is anything to draw.

    Parameters
    ----------
    rows
        The table.
    log
        Has the curve of the training loss within epochs.
    settings
        Say where to write, and what loss it is.
    entries
        Images of an epoch.
    """
    directory = settings.output_directory
    make_directory(directory)
    table, picture = directory / "losses.csv", directory / "loss.png"
    write_text(table, to_csv(list(rows)))
    if not log.curve.steps:
        return [table]
    training = list(zip(log.curve.steps, log.curve.losses, strict=True))
    held_out = [(row.step, row.held_out_loss) for row in rows if row.held_out_loss is not None]
    steps = -(-entries // settings.batch_size)
    title = f"Loss: {settings.loss.replace('_', ' ')}"
    save(loss_curve(training, held_out, steps_per_epoch=steps, title=title), picture)
    return [table, picture]
