"""The next step of training with its update, made through the network itself and undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from nn import Batch, Trainer
from nn.data.memory import require_memory
from nn.interrupts import uninterrupted
from nn.training.batch_shapes import reshape_batch
from nn.training.step import Learner
from nn.training.undo import Undo
from workbench.inspect.baseline import SMALLER


class MadeStep(NamedTuple):
    """A step that was made and is not yet undone: values and signals of the network are those of its batch.

    Attributes
    ----------
    batch
        What it learned from.
    before
        All parameters before it, (parameters,), of their dtype.
    """

    batch: Batch
    before: np.ndarray


@contextmanager
def next_step(trainer: Trainer) -> Iterator[MadeStep]:
    """Make the next step, and undo it when the block ends: training goes on to the same bits.

    Parameters
    ----------
    trainer
        Between two steps.

    Raises
    ------
    DataError
        When there is no memory for copies of the parameters and of what the optimizer keeps.
    NotFiniteError
        When NaN or Inf turns up in the step.
    """
    network, optimizer = trainer.network, trainer.optimizer
    copies = (2 + len(optimizer.slots)) * network.parameters.values.nbytes
    require_memory(copies, "undoing a step of training", SMALLER)
    undo = Undo(trainer)
    undo.keep_parameters(trainer)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            indices = next_indices(trainer)
            batch = reshape_batch(trainer.batches.batch(indices), network)
            if trainer.begins_anew:
                network.reset()
            network.parameters.zero_gradients()
            before, factor = network.parameters.values.copy(), trainer.schedule_factor()
            learner = Learner(network, trainer.loss, optimizer, trainer.options)
            _, signals = learner.prepare(batch, indices, factor)
            learner.update(signals, factor)
        yield MadeStep(batch, before)
    finally:
        with uninterrupted:
            undo.restore(trainer)


def next_indices(trainer: Trainer) -> np.ndarray:
    """Return which entries the next step learns from, int (n,), and leave the order of entries as it was."""
    before = trainer.shuffle.state()
    indices = trainer.shuffle.next(trainer.batch_size).copy()
    if before.epoch_generator is None:  # the order of this epoch was drawn just now
        trainer.shuffle.load_state(before)
    return indices
