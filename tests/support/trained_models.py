"""Two models of digits, trained here: what they answer is compared with what they answer elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.row_by_row import rows_as_steps
from networks import LSTM, Dense, Network, Sequential
from nn import (
    Adam,
    ArrayBatches,
    CategoricalCrossEntropyWithLogits,
    Identity,
    ImageSet,
    LeakyReLU,
    SequenceShape,
    Shape,
    Sigmoid,
    SquaredError,
    Trainer,
)
from nn.pixel_scaling import scale_pixels
from tests.support.exchange_formats import FORMATS, relative

IMAGE = Shape(28, 28, 1)


class Agreement(NamedTuple):
    """The largest difference of two sets of answers, and the share of entries of the same class."""

    column: str
    difference: float
    same: float


def autoencoder(digits: ImageSet, epochs: int, units: Sequence[int]) -> Network:
    """Train dense layers that become narrower, to the last of some numbers of units, and wider again."""
    layers = [Dense.of(each, activation=LeakyReLU(0.1)) for each in (*units, *units[-2::-1])]
    last = Dense.of(IMAGE, activation=Sigmoid())
    network = Sequential(IMAGE, [*layers, last], generator=np.random.default_rng(0))
    images = scale_pixels(digits.images)
    return _trained(network, SquaredError(), ArrayBatches(images, images), epochs)


def reader(digits: ImageSet, epochs: int, units: int) -> Network:
    """Train an LSTM that reads digits row by row."""
    layers = [LSTM.of(units=units, whole_sequence=False), Dense.of(10, activation=Identity())]
    rows = SequenceShape(IMAGE.height, IMAGE.width)
    network = Sequential(rows, layers, generator=np.random.default_rng(0))
    batches = ArrayBatches(rows_as_steps(digits.images), digits.labels)
    return _trained(network, CategoricalCrossEntropyWithLogits(), batches, epochs)


def _trained(network: Network, loss: Any, batches: ArrayBatches, epochs: int) -> Network:
    settings = {"batch_size": 32, "generator": np.random.default_rng(0)}
    Trainer(network, loss, Adam(0.002), batches, **settings).train(epochs=epochs)
    return network


def accuracy(network: Network, digits: ImageSet) -> float:
    """Return the share of digits that a reader gets right."""
    answers = network.predict(rows_as_steps(digits.images)).reshape(len(digits.images), -1)
    return float((answers.argmax(axis=1) == digits.labels).mean())


def entries_of(network: Network, digits: ImageSet) -> np.ndarray:
    """Return digits as a network takes them."""
    images = scale_pixels(digits.images)
    return np.asarray(images.reshape(-1, *network.input_shape))


def agreements(network: Network, entries: np.ndarray, folder: Path) -> Iterator[Agreement]:
    """Compare the answers of every format, with the numbers that were learned, to entries (N, ...)."""
    values = {"input": np.moveaxis(entries, 0, -1)}
    for compare in FORMATS.values():
        for column, found, wanted in compare(network, values, folder, False):
            classes = [each[0].reshape(len(entries), -1).argmax(axis=1) for each in (found, wanted)]
            yield Agreement(column, relative(found, wanted), float((classes[0] == classes[1]).mean()))
