"""An LSTM that reads digits row by row: 28 steps of 28 pixels, and an answer after the last.

    python -m experiments.row_by_row data/mnist

trains for five minutes and tests on images that it never saw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments import classifier
from networks import LSTM, Dense, Network, Sequential
from nn import Identity, SequenceShape
from nn.pixel_scaling import scale_pixels

UNITS = 128


def build(generator: np.random.Generator) -> Network:
    """Return the network: rows of pixels to the scores of ten digits."""
    rows = SequenceShape(steps=classifier.SHAPE.height, features=classifier.SHAPE.width)
    layers = [
        LSTM.of(units=UNITS, whole_sequence=False),
        Dense.of(classifier.CLASSES, activation=Identity()),
    ]
    return Sequential(rows, layers, generator=generator)


def rows_as_steps(images: np.ndarray) -> np.ndarray:
    """Return images (N, 28, 28, 1) as sequences of rows, float32 (N, 28, 28)."""
    return scale_pixels(images[..., 0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, test, draw."""
    description = "Train an LSTM to read digits row by row."
    return classifier.main("row_by_row", description, build, rows_as_steps, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
