"""A training with its page: a model with two inputs and two outputs, whose numbers go below zero.

    python -m tests.support.branching_training FOLDER

Where FOLDER holds a pipe called `go`, the first step waits until somebody opens it for writing.
"""

import sys
from pathlib import Path

import numpy as np

import workbench
from networks import Add, Call, Concatenate, Convolution, Dense, Input, MaxPooling, Model, TimeDistributed
from nn import (
    Adam,
    ArrayBatches,
    Callback,
    CategoricalCrossEntropyWithLogits,
    Identity,
    Losses,
    SequenceShape,
    Shape,
    SquaredError,
    Tanh,
    Trainer,
)

ENTRIES = 160
GO = "go"

LAYERS = (
    *("image", "series", "edges", "smaller", "picture", "steps slow", "steps fast", "steps both", "seen"),
    *("both", "label", "level"),
)
"""What the page calls the layers."""

INPUT_RANGES = {"image": "-1 to 1", "series": "-2 to 1"}


def make_model(generator: np.random.Generator) -> Model:
    """Return a convolutional branch for images and one for series, the latter with branches at every step."""
    image = Input(Shape(8, 8, 1), generator=generator)
    series = Input(SequenceShape(6, 3), generator=generator)
    edges = Call(Convolution.of(channels=4, kernel=3, padding="same", activation=Tanh()), image, name="edges")
    smaller = Call(MaxPooling.of(window=2), edges, name="smaller")
    picture = Call(Dense.of(12, activation=Tanh()), smaller, name="picture")
    steps = Call(TimeDistributed.of(each_step(generator)), series, name="steps")
    seen = Call(Dense.of(12, activation=Tanh()), steps, name="seen")
    both = Call(Add.of(), picture, seen, name="both")
    label = Call(Dense.of(4, activation=Identity()), both, name="label")
    level = Call(Dense.of(1, activation=Identity()), both, name="level")
    return Model({"image": image, "series": series}, {"class": label, "mean": level})


def each_step(generator: np.random.Generator) -> Model:
    """Return two branches side by side, for one step of a series."""
    step = Input(Shape(1, 1, 3), generator=generator)
    slow = Call(Dense.of(4, activation=Tanh()), step, name="slow")
    fast = Call(Dense.of(2, activation=Tanh()), step, name="fast")
    return Model(step, Call(Concatenate.of(), slow, fast, name="both"))


def make_trainer() -> Trainer:
    """Return a trainer whose examples name the inputs in another order than the model does."""
    generator = np.random.default_rng(7)
    images = generator.uniform(-1, 1, (ENTRIES, 8, 8, 1)).astype(np.float32)
    series = generator.uniform(-2, 1, (ENTRIES, 6, 3)).astype(np.float32)
    images[:, 0, 0], images[:, 0, 1], series[:, 0, 0] = -1, 1, -2
    labels = generator.integers(0, 4, ENTRIES)
    source = ArrayBatches(
        {"series": series, "image": images},
        {"class": labels, "mean": images.mean(axis=(1, 2)) - 2},
    )
    loss = Losses({"class": CategoricalCrossEntropyWithLogits(), "mean": SquaredError()})
    network = make_model(generator)
    return Trainer(network, loss, Adam(0.01), source, batch_size=16, generator=generator)


class WaitForPipe(Callback):
    """Lets training begin when somebody opens a pipe for writing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_start(self, trainer: Trainer) -> None:
        with self._path.open("rb"):
            pass


def main() -> None:
    """Train with a page until Ctrl-C."""
    folder = Path(sys.argv[1])
    callbacks = [WaitForPipe(folder / GO)] if (folder / GO).exists() else []
    workbench.watch(make_trainer(), callbacks=callbacks, directory=folder)


if __name__ == "__main__":
    main()
