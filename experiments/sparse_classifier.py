"""Classifiers of images with few connections, which stay where they are or move."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np

from networks import SET, Dense, GraphNetwork, Network, RigL, Sequential
from nn import (
    Activation,
    Adam,
    ArrayBatches,
    Callback,
    CategoricalCrossEntropyWithLogits,
    Cosine,
    Graph,
    Identity,
    ImageSet,
    LeakyReLU,
    Trainer,
    erdos_renyi_densities,
)
from workbench.records import About, Recorder, recording
from workbench.records.training import RecordedRows, ending, fingerprint

HIDDEN = (300, 100)
"""Neurons of the hidden layers, those of LeNet-300-100 (LeCun et al. 1998)."""

CLASSES = 10
BATCH_SIZE = 128
LEARNING_RATE = 0.002
EVERY, FRACTION, UNTIL = 100, 0.3, 0.75
"""Steps between moves, the share that moves at first, and the share of all steps within which it does."""

DENSE, STATIC = "dense", "static"
SPARSE = (STATIC, "SET", "RigL")


class Variant(NamedTuple):
    """What is trained: a method, and the share of all connections that is there."""

    method: str
    density: float


class Task(NamedTuple):
    """Images with labels to learn from and to test on, and passes over the first."""

    training: ImageSet
    test: ImageSet
    epochs: int

    @property
    def steps(self) -> int:
        """Steps of a training."""
        return self.epochs * -(-len(self.training) // BATCH_SIZE)


def train(variant: Variant, task: Task, seed: int, program: str, records: str | None) -> float:
    """Train a variant with a seed; return the share of test images that it reads right.

    Raises
    ------
    KeyboardInterrupt
        When training was stopped by Ctrl-C or SIGTERM.
    TrainingDiverged
        When NaN or Inf turned up.
    """
    weights, order, moves = np.random.default_rng(seed).spawn(3)
    trainer = make_trainer(variant, task, weights, order)
    with _recorded(variant, trainer, task, seed, program, records) as recorder:
        callbacks = [*moving(variant.method, task.steps, moves), RecordedRows(recorder)]
        outcome = trainer.train(epochs=task.epochs, callbacks=callbacks)
        if outcome.stopped:
            raise KeyboardInterrupt
        accuracy = None if outcome.row is None else outcome.row.metrics["accuracy"]
        assert accuracy is not None, "every training image counts, and there is a step"
        recorder.results({"test_accuracy": accuracy})
        recorder.finish(*ending(outcome))
    return accuracy


def _recorded(
    variant: Variant, trainer: Trainer, task: Task, seed: int, program: str, records: str | None
) -> AbstractContextManager[Recorder]:
    settings = {**variant._asdict(), "epochs": task.epochs, "training_images": len(task.training)}
    about = About(program, settings, seed=seed)
    return recording(about, records, fingerprint=lambda: fingerprint(trainer))


def make_trainer(
    variant: Variant, task: Task, weights: np.random.Generator, order: np.random.Generator
) -> Trainer:
    """Return a trainer that tests after every epoch."""
    network = make_network(variant, task.training, weights)
    network.propagates = False
    training, test = (ArrayBatches(each.images, each.labels) for each in (task.training, task.test))
    return Trainer(
        network,
        CategoricalCrossEntropyWithLogits(),
        Adam(LEARNING_RATE),
        training,
        test,
        batch_size=BATCH_SIZE,
        generator=order,
        schedule=Cosine(warmup=0.02),
    )


def make_network(variant: Variant, images: ImageSet, generator: np.random.Generator) -> Network:
    """Return a network with dense layers, or with Erdős-Rényi graphs between its layers."""
    sizes = [images.shape.size, *HIDDEN, CLASSES]
    activations: list[Activation] = [*(LeakyReLU() for _ in HIDDEN), Identity()]
    if variant.method == DENSE:
        pairs = zip(sizes[1:], activations, strict=True)
        layers = [Dense.of(size, activation=activation) for size, activation in pairs]
        return Sequential(images.shape, layers, generator=generator)
    graph = Graph()
    layer = graph.input_layer(images.shape)
    densities = erdos_renyi_densities(sizes, variant.density)
    for size, density, activation in zip(sizes[1:], densities, activations, strict=True):
        layer = graph.sparse(layer, size, density=density, activation=activation, generator=generator)
    graph.set_output(layer)
    return GraphNetwork(graph)


def moving(method: str, steps: int, generator: np.random.Generator) -> Sequence[Callback]:
    """Return the callback that moves connections, if any."""
    until = max(1, round(UNTIL * steps))
    if method == "SET":
        return [SET(EVERY, FRACTION, until=until, generator=generator)]
    return [RigL(EVERY, FRACTION, until=until)] if method == "RigL" else []
