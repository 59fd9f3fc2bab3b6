"""A classifier that is looked at, not trained; then it is saved in the file that is given."""

import sys

import numpy as np

import workbench
from networks import Dense, Sequential, save_model
from nn import ArrayBatches, CategoricalCrossEntropyWithLogits, Identity, Shape
from nn.data import digits as drawn_digits


def main(path: str) -> None:
    generator = np.random.default_rng(3)
    digits = drawn_digits(40, Shape(12, 12, 1), generator=generator)
    network = Sequential(
        digits.shape, [Dense.of(16), Dense.of(10, activation=Identity())], generator=generator
    )
    images = (digits.images / 255).astype(np.float32)
    data = ArrayBatches(images, np.arange(40) % 10)
    workbench.look(network, data, CategoricalCrossEntropyWithLogits())
    save_model(path, network)


if __name__ == "__main__":
    main(sys.argv[1])
