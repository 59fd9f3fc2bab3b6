"""Variants of a small autoencoder, each trained with several seeds on the same images.

One seed draws the same weights and the same order of the images for every variant, so variants can be
compared seed by seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

import numpy as np

from experiments.activity import Activity, measure_activity
from experiments.slow_half import LossThresholds, slow_half
from networks import Dense, Sequential
from nn import (
    Activation,
    BiasInitializer,
    Callback,
    Identity,
    ImageBatches,
    ImageSet,
    LeakyReLU,
    Shape,
    Sigmoid,
    SquaredError,
    Trainer,
    TrainingDiverged,
    optimizer_by_name,
)
from nn.training.evaluation import mean_loss
from workbench.records import About, Recorder, recording
from workbench.records.run import DONE, FAILED

BATCH_SIZE = 64
MEASUREMENTS_PER_EPOCH = 4
WIDTHS = (256, 128, 32)
"""Neurons of the encoder's layers, the code last; the decoder mirrors them."""


@dataclass(frozen=True)
class Variant:
    """The settings of a variant.

    Attributes
    ----------
    leakage
        Of the hidden layers.
    learning_rate, optimizer
        As `nn.optimizers.optimizer_by_name` takes them; the rate stays constant.
    bias_mean
        Where every bias of the hidden layers starts. Those of the code and the output start at 0.
    storage
        How values between layers are stored, "float32" or "bfloat16".
    """

    leakage: float = 0.1
    learning_rate: float = 0.001
    optimizer: str = "adam"
    bias_mean: float = 0.0
    storage: str = "float32"


@dataclass(frozen=True)
class Task:
    """The task of all variants.

    Attributes
    ----------
    training, held_out
        Images of one shape.
    epochs
        Passes over the training images.
    """

    training: ImageSet
    held_out: ImageSet
    epochs: int

    @property
    def measuring_steps(self) -> list[int]:
        """Steps after which the held-out loss is measured: the first, and a few in every epoch."""
        steps_per_epoch = -(-len(self.training) // BATCH_SIZE)
        moments = np.arange(1, self.epochs * MEASUREMENTS_PER_EPOCH + 1) / MEASUREMENTS_PER_EPOCH
        steps = np.rint(moments * steps_per_epoch).astype(int)
        return sorted({1, *(int(step) for step in steps if step > 0)})

    @property
    def measuring_epochs(self) -> np.ndarray:
        """The same moments in epochs, float64 (K,)."""
        return np.array(self.measuring_steps) / -(-len(self.training) // BATCH_SIZE)


@dataclass(frozen=True, eq=False)
class Run:
    """The results of one variant with one seed.

    Attributes
    ----------
    losses
        Held-out loss at every measuring step, float64 (K,); infinite from where training diverged.
    before, after
        Activity of every hidden layer on the held-out images, before and after training.
    """

    losses: np.ndarray
    before: list[Activity]
    after: list[Activity]


@dataclass(frozen=True, eq=False)
class Comparison:
    """All runs of an experiment.

    Attributes
    ----------
    task
        What was learned.
    runs
        Runs of each variant, in the order of the seeds.
    baseline
        The variant that sets the thresholds.
    """

    task: Task
    runs: dict[Variant, list[Run]]
    baseline: Variant

    @property
    def seeds(self) -> int:
        """How many runs every variant has."""
        return len(self.runs[self.baseline])

    @property
    def thresholds(self) -> LossThresholds:
        """From the baseline's loss after one step to its loss after half of the epochs.

        A variant up to about twice as slow as the baseline can still be measured this way.
        """
        losses = self.mean_losses(self.baseline)
        halfway = int(np.argmin(np.abs(self.task.measuring_epochs - self.task.epochs / 2)))
        return LossThresholds.between(losses[0], losses[halfway])

    def mean_losses(self, variant: Variant) -> np.ndarray:
        """Return the geometric mean over the seeds of the held-out losses, float64 (K,)."""
        return np.exp(np.mean([np.log(run.losses) for run in self.runs[variant]], axis=0))

    def final_losses(self, variant: Variant) -> np.ndarray:
        """Return the last held-out loss of every seed, float64 (seeds,)."""
        return np.array([run.losses[-1] for run in self.runs[variant]])

    def slow_halves(self, variant: Variant) -> np.ndarray:
        """Return the length of the slow half for every seed in epochs, infinite where it never ended."""
        epochs = self.task.measuring_epochs
        return np.array([slow_half(epochs, run.losses, self.thresholds) for run in self.runs[variant]])


def compare(
    variants: Sequence[Variant],
    task: Task,
    *,
    baseline: Variant,
    seeds: int,
    progress: Callable[[], object] | None = None,
    program: str = "comparison",
    records: str | None = None,
) -> Comparison:
    """Train every variant with the seeds 0, 1, ..., and call `progress` after each run.

    Parameters
    ----------
    variants, task
        What is trained on what.
    baseline
        One of the variants.
    seeds
        Runs of each.
    progress
        Called after each run.
    program, records
        What recorded runs are called, and where they are, as the option `--records` has it.

    Raises
    ------
    ValueError
        When the baseline is not among the variants.
    KeyboardInterrupt
        When training was stopped by Ctrl-C or SIGTERM.
    """
    if baseline not in variants:
        raise ValueError(f"the baseline {baseline} is not among the variants")
    runs: dict[Variant, list[Run]] = {variant: [] for variant in variants}
    for seed in range(seeds):
        for variant in variants:
            with recorded(variant, task, seed, program, records) as recorder:
                run = run_variant(variant, task, seed, recorder)
                recorder.results({"held_out_loss": run.losses[-1]})
                diverged = not np.isfinite(run.losses[-1])
                recorder.finish(*((FAILED, "training diverged") if diverged else (DONE, "")))
            runs[variant].append(run)
            if progress:
                progress()
    return Comparison(task, runs, baseline)


def recorded(
    variant: Variant, task: Task, seed: int, program: str, records: str | None
) -> AbstractContextManager[Recorder]:
    """Return a block in which a run is recorded."""
    images = {"training_images": len(task.training), "held_out_images": len(task.held_out)}
    settings = {**asdict(variant), "epochs": task.epochs, "batch_size": BATCH_SIZE, **images}
    data = ImageBatches(task.training.images, task.training.masks)
    return recording(About(program, settings, seed=seed), records, fingerprint=data.fingerprint)


def run_variant(variant: Variant, task: Task, seed: int, recorder: Recorder | None = None) -> Run:
    """Train one variant with one seed; the held-out losses go to a recorder.

    Raises
    ------
    KeyboardInterrupt
        When training was stopped by Ctrl-C or SIGTERM.
    """
    weights, order = np.random.default_rng(seed).spawn(2)
    network = make_autoencoder(variant, task.training.shape, generator=weights)
    before = measure_activity(network, task.held_out)
    trainer = Trainer(
        network,
        SquaredError(),
        optimizer_by_name(variant.optimizer, variant.learning_rate),
        ImageBatches(task.training.images, task.training.masks),
        batch_size=BATCH_SIZE,
        generator=order,
    )
    held_out = ImageBatches(task.held_out.images, task.held_out.masks)
    curve = _HeldOutCurve(held_out, task.measuring_steps, recorder)
    try:
        stopped = trainer.train(epochs=task.epochs, callbacks=[curve]).stopped
    except TrainingDiverged:
        stopped = False
    if stopped:
        raise KeyboardInterrupt
    losses = np.full(len(task.measuring_steps), np.inf)
    losses[: len(curve.losses)] = curve.losses
    return Run(losses, before, measure_activity(network, task.held_out))


def make_autoencoder(variant: Variant, shape: Shape, *, generator: np.random.Generator) -> Sequential:
    """Build a dense autoencoder: leaky ReLUs, a linear code in the middle, a sigmoid at the end."""
    half = [shape, *(Shape(1, width, 1) for width in WIDTHS)]
    shapes = [*half, *half[-2::-1]]
    hidden = LeakyReLU(variant.leakage)
    activations: list[Activation] = [hidden] * (len(shapes) - 1)
    activations[len(WIDTHS) - 1], activations[-1] = Identity(), Sigmoid()
    layers = []
    for below, above, activation in zip(shapes[:-1], shapes[1:], activations, strict=True):
        bias = BiasInitializer(variant.bias_mean if activation is hidden else 0.0)
        layers.append(Dense(below, above, activation=activation, bias=bias, generator=generator))
    layers[0].propagates = False
    network = Sequential(layers)
    network.store_as(variant.storage)
    return network


class _HeldOutCurve(Callback):
    """Measures the held-out loss after certain steps."""

    def __init__(self, held_out: ImageBatches, steps: Sequence[int], recorder: Recorder | None) -> None:
        self.held_out, self.recorder = held_out, recorder
        self.steps = set(steps)
        self.losses: list[float] = []

    def on_step(self, trainer: Trainer) -> None:
        """Measure, if it is time."""
        if trainer.step in self.steps:
            self.losses.append(mean_loss(trainer.network, trainer.loss, self.held_out, BATCH_SIZE))
            if self.recorder is not None:
                numbers = {"epoch": trainer.shuffle.epochs, "held_out_loss": self.losses[-1]}
                self.recorder.statistics(trainer.step, numbers)
