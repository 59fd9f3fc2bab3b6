"""A small convolutional network that reads digits: two convolutions, each followed by pooling.

    python -m experiments.small_convolution data/mnist

trains for five minutes and tests on images that it never saw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments import classifier
from networks import Convolution, Dense, Dropout, MaxPooling, Network, Sequential
from nn import Identity


def build(generator: np.random.Generator) -> Network:
    """Return the network: 28 x 28 pixels to the scores of ten digits."""
    layers = [
        Convolution.of(channels=16, kernel=3, padding="same"),
        MaxPooling.of(window=2),
        Convolution.of(channels=32, kernel=3, padding="same"),
        MaxPooling.of(window=2),
        Dense.of(64),
        Dropout.of(rate=0.3),
        Dense.of(classifier.CLASSES, activation=Identity()),
    ]
    return Sequential(classifier.SHAPE, layers, generator=generator)


def images_as_they_are(images: np.ndarray) -> np.ndarray:
    """Return the images: a convolution reads them whole."""
    return images


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, test, draw."""
    description = "Train a small convolutional network to read digits."
    return classifier.main("small_convolution", description, build, images_as_they_are, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
