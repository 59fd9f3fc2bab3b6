"""A training run small enough to do a hundred times, also as a program that can be killed.

python tests/tiny_training.py FOLDER EPOCHS
"""

import sys
from pathlib import Path

import numpy as np

from networks.dense import Dense
from networks.sequential import Sequential
from nn.activations import Tanh
from nn.losses import SquaredError
from nn.optimizers import Adam
from nn.schedules import Cosine
from nn.shape import Shape
from nn.snapshot import MissingSnapshotError, Snapshot, load_latest
from nn.training import Trainer
from nn.training.batches import ImageBatches
from nn.training.callbacks import Snapshots

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
    """Return all that must be the same after a resume: the state but for the clock."""
    arrays, metadata = trainer.state()
    state = metadata["training"]
    del state["seconds"]
    for row in state["log"]["rows"]:
        del row["seconds"]
    return {name: (array.dtype, array.tobytes()) for name, array in arrays.items()}, state


def main(folder, epochs):
    """Go on from the snapshot in the folder, if there is one, and save after every step."""
    path = Path(folder) / "model.safetensors"
    trainer = make_trainer()
    try:
        trainer.restore(load_latest(path))
    except MissingSnapshotError:
        print("new", flush=True)
    else:
        print(f"resumed at step {trainer.step}", flush=True)
    trainer.train(epochs=float(epochs), callbacks=[Snapshots(path, 0, {})])


if __name__ == "__main__":
    main(*sys.argv[1:])
