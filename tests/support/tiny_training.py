"""A training run small enough to repeat a hundred times, also as a program that can be killed.

python tests/support/tiny_training.py FOLDER EPOCHS
"""

import sys
from pathlib import Path

import numpy as np

from networks.base.weightless import Weightless
from networks.dense import Dense
from networks.sequential import Sequential
from nn.activations import Tanh
from nn.clipping import ClipByGlobalNorm
from nn.losses import Huber, SquaredError
from nn.metrics import MeanAbsoluteError
from nn.optimizers import Adam
from nn.regularizers import L2, MaxNorm
from nn.schedules import Cosine, Plateau
from nn.shape import Shape
from nn.snapshot import MissingSnapshotError, Snapshot, load_latest
from nn.training import (
    Best,
    EarlyStopping,
    ImageBatches,
    Options,
    Prefetched,
    Race,
    Snapshots,
    Trainer,
)

SHAPE, CODE = Shape(2, 3, 1), Shape(1, 1, 4)
IMAGES = 23
BATCH_SIZE = 5
STEPS_PER_EPOCH = 5


def make_images(count=IMAGES, dtype=np.uint8, seed=1):
    images = np.random.default_rng(seed).integers(0, 256, (count, *SHAPE), dtype=np.uint8)
    return images if dtype == np.uint8 else images.astype(dtype) / dtype(255)


def make_network(dtype=np.float32, seed=2):
    generator = np.random.default_rng(seed)
    layers = [
        Dense(SHAPE, CODE, activation=Tanh(), generator=generator, dtype=dtype),
        Dense(CODE, SHAPE, generator=generator, dtype=dtype),
    ]
    return Sequential(layers)


def make_trainer(**changes):
    """Return a trainer on tiny images; every part can be replaced."""
    settings = {
        "network": make_network(),
        "loss": SquaredError(),
        "optimizer": Adam(0.01),
        "batches": ImageBatches(make_images()),
        "held_out": ImageBatches(make_images(7, seed=3)),
        "batch_size": BATCH_SIZE,
        "generator": np.random.default_rng(4),
        "schedule": Cosine(warmup=0.2),
    }
    return Trainer(**{**settings, **changes})


def snapshot_of(trainer):
    """Return the state as a snapshot that shares nothing with the trainer."""
    arrays, metadata = trainer.state()
    return Snapshot({name: array.copy() for name, array in arrays.items()}, metadata, Path("memory"))


def everything(trainer):
    """Return all that must be the same after a resume: the state without the clock."""
    arrays, metadata = trainer.state()
    state = metadata["training"]
    del state["seconds"]
    for row in state["log"]["rows"]:
        del row["seconds"]
    return {name: (array.dtype, array.tobytes()) for name, array in arrays.items()}, state


class Noise(Weightless):
    """Adds noise while training, and carries the running mean of its inputs and the last batch's sum.

    Half of the noise comes from its generator, half from one that this spawns in every forward.

    Represents all networks that draw, keep statistics, or continue from the last sequence.
    """

    family = "noise_of_the_tests"
    last_sum = None

    def __init__(self, shape, *, generator):
        super().__init__(shape, shape, np.float32)
        self.generator = generator
        self.mean = np.zeros((), np.float32)

    def forward(self, values, training=False):
        self._values = values.copy()
        if training:
            active = values[..., : self.active_entries(values.shape[-1])]
            self.mean[...] = 0.9 * self.mean + 0.1 * active.mean()
            carried = 0.0 if self.last_sum is None else self.last_sum
            self._values += 0.01 * carried
            for generator in (self.generator, *self.generator.spawn(1)):
                self._values[..., : active.shape[-1]] += 0.01 * generator.standard_normal(active.shape)
            self.last_sum = np.array(active.mean(), np.float32)
        return self._values

    def backward(self, signals, learning_rate=None):
        self._signals = signals
        return signals

    @property
    def generators(self):
        return {"": self.generator}

    def state(self):
        carried = {} if self.last_sum is None else {"last_sum": self.last_sum}
        return {"mean": self.mean, **carried}

    def load_state(self, state):
        if not {"mean"} <= set(state) <= {"mean", "last_sum"}:
            raise ValueError(f"carries mean and last_sum, not {sorted(state)}")
        self.mean = state["mean"].copy()
        self.last_sum = state["last_sum"].copy() if "last_sum" in state else None

    def reset(self):
        self.last_sum = None


def make_noisy_network(seed=2):
    weights, noise = np.random.default_rng(seed).spawn(2)
    layers = {
        "encoder": Dense(SHAPE, CODE, activation=Tanh(), generator=weights),
        "noise": Noise(CODE, generator=noise),
        "decoder": Dense(CODE, SHAPE, generator=weights),
    }
    return Sequential(layers)


def make_full_trainer(**changes):
    """Return a trainer that uses everything that has a state or can change the bits."""
    settings = {
        "network": make_noisy_network(),
        "loss": Huber(),
        "batches": Prefetched(ImageBatches(make_images())),
        "schedule": Plateau(factor=0.8, patience=0, threshold=0.3),
        "options": Options(
            regularizers=[L2(1e-3), MaxNorm(1.0)],
            clipping=ClipByGlobalNorm(0.05),
            metrics=[MeanAbsoluteError()],
        ),
    }
    return make_trainer(**{**settings, **changes})


def full_callbacks(folder, patience=4, race_interval=3):
    """Return all callbacks that keep a state, and the last snapshot after every step."""
    return [
        Race(2, race_interval, "steps"),
        EarlyStopping("mean_absolute_error", patience, minimum_change=1e-3, restore_best=True),
        Best(Path(folder) / "best.safetensors", "held_out_loss"),
        Snapshots(Path(folder) / "model.safetensors", 0, {}),
    ]


def long_callbacks(folder):
    """Return the same for a long run that nothing ends early."""
    return full_callbacks(folder, patience=10**6, race_interval=50)


def main(folder, epochs):
    """Resume from the snapshot in the folder, if there is one, and save after every step."""
    path = Path(folder) / "model.safetensors"
    trainer = make_full_trainer()
    try:
        trainer.restore(load_latest(path))
    except MissingSnapshotError:
        print("new", flush=True)
    else:
        print(f"resumed at step {trainer.step}", flush=True)
    trainer.train(epochs=float(epochs), callbacks=long_callbacks(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
