"""Predictive score: how well what learned to predict from synthetic series predicts real ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.evaluation.entries import checked_pair
from experiments.evaluation.transfer import SEEDS
from networks import GRU, Dense, Network, Sequential, TimeDistributed
from nn import (
    AbsoluteError,
    Adam,
    ArrayBatches,
    EarlyStopping,
    Identity,
    SequenceShape,
    Sigmoid,
    Trainer,
)

EPOCHS = 150
PATIENCE = 15
BATCH_SIZE = 64
LEARNING_RATE = 0.005
VALIDATION = 0.2
UNITS = 32


class Series(NamedTuple):
    """Series (n, steps, variables), and which steps there are, bool (n, steps); None where all are."""

    values: np.ndarray
    mask: np.ndarray | None = None


class Task(NamedTuple):
    """What a step (inputs) predicts of the next (targets), by numbers of variables, and by how many units."""

    inputs: slice
    targets: slice
    units: int
    within: bool
    """Whether predictions are held between 0 and 1 by a sigmoid."""


def published_task(variables: int) -> Task:
    """Return what the published code of TimeGAN does: the last variable a step later, from all others.

    The predictor has int(d / 2) GRU units, at least 1.

    Raises
    ------
    ValueError
        When there is one variable only, and so no others to predict from.

    References
    ----------
    Yoon, Jarrett and van der Schaar (2019), Time-series generative adversarial networks, section 5 and the
    published code, which differ: the paper has the next step of all variables.
    """
    if variables < 2:
        raise ValueError("the published predictive score needs two variables or more: take next_step_task")
    return Task(slice(0, -1), slice(variables - 1, None), max(1, variables // 2), within=True)


def next_step_task() -> Task:
    """Return the task of the paper's text: all variables a step later, from all; one variable is enough."""
    return Task(slice(None), slice(None), UNITS, within=False)


def predictive_errors(
    task: Task,
    learned: Series,
    tested: Series,
    *,
    bounds: tuple[np.ndarray, np.ndarray],
    generator: np.random.Generator,
    count: int | None = None,
    seeds: int = SEEDS,
) -> np.ndarray:
    """Return the mean absolute error of predictions of `tested` after training on `learned`, (seeds,).

    Parameters
    ----------
    task
        `published_task` or `next_step_task`.
    learned, tested
        Of at least two steps and as many variables. Steps that are not there are neither learned nor tested.
    bounds
        What becomes 0 and 1, (variables,) each: the least and the greatest of the real training series, see
        `bounds_of`. Errors count in these units.
    generator
        Of seeds, and of what is trained on.
    count
        Series that are trained on, by default all.
    """
    learned, tested = (_scaled(each, bounds) for each in _checked(learned, tested))
    if tested.mask is not None and not tested.mask[:, 1:].any():
        raise ValueError("real: all series have a single step, so there is nothing to predict")
    found = []
    for seed in generator.integers(2**31, size=seeds):
        rows = generator.permutation(len(learned.values))[:count]
        part = Series(learned.values[rows], None if learned.mask is None else learned.mask[rows])
        network = _trained(task, part, int(seed))
        inputs, mask = _inputs(task, tested)
        predicted = network.predict(inputs, step_masks=mask)
        errors = np.abs(predicted - tested.values[:, 1:, task.targets])
        found.append(np.mean(errors if tested.mask is None else errors[tested.mask[:, 1:]]))
    return np.array(found, np.float64)


def bounds_of(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest of every variable of what is there, (variables,) each."""
    steps = (
        series.values.reshape(-1, series.values.shape[2])
        if series.mask is None
        else series.values[series.mask]
    )
    return steps.min(axis=0), steps.max(axis=0)


def _checked(learned: Series, tested: Series) -> tuple[Series, Series]:
    real, synthetic = checked_pair(tested.values, learned.values)
    if real.ndim != 3 or real.shape[1] < 2:
        raise ValueError(f"real: shape {real.shape}: series are (n, steps, variables) with two steps or more")
    return Series(synthetic, learned.mask), Series(real, tested.mask)


def _scaled(series: Series, bounds: tuple[np.ndarray, np.ndarray]) -> Series:
    least, greatest = bounds
    width = np.where(greatest > least, greatest - least, 1)
    return series._replace(values=((series.values - least) / width).astype(np.float32))


def _inputs(task: Task, series: Series) -> tuple[np.ndarray, np.ndarray | None]:
    """Return all steps but the last, and for which of them there is a next one."""
    return series.values[:, :-1, task.inputs], None if series.mask is None else series.mask[:, 1:]


def _trained(task: Task, series: Series, seed: int) -> Network:
    generator = np.random.default_rng(seed)
    inputs, mask = _inputs(task, series)
    targets = series.values[:, 1:, task.targets]
    if task.within:  # what lies beyond cannot be reached, and has the same slopes from where it is cut off
        targets = np.clip(targets, 0, 1)
    output = Dense.of(targets.shape[2], activation=Sigmoid() if task.within else Identity())
    network = Sequential(
        SequenceShape(*inputs.shape[1:]),
        [GRU.of(units=task.units), TimeDistributed.of(output)],
        generator=generator,
    )
    batches = ArrayBatches(inputs, targets, step_masks=mask)
    training, held_out = batches.split(VALIDATION, generator=generator)
    trainer = Trainer(
        network,
        AbsoluteError(),
        Adam(LEARNING_RATE),
        training,
        held_out,
        batch_size=min(BATCH_SIZE, len(training)),
        generator=generator,
    )
    stopping = EarlyStopping("held_out_loss", patience=PATIENCE, restore_best=True)
    trainer.train(epochs=EPOCHS, callbacks=[stopping])
    return network
