"""Training of a network of videos: the loop of `nn.training`, with the losses and metrics of videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from networks.video.measures import head_losses, head_metrics
from networks.video.network import VideoNetwork
from nn.clipping import Clipping
from nn.optimizer import Optimizer
from nn.regularizers import Regularizer
from nn.schedules import Constant, Schedule
from nn.training import BatchSource, Options, Trainer
from nn.training.shuffle import Shuffle


def video_trainer(
    network: VideoNetwork,
    optimizer: Optimizer,
    batches: BatchSource,
    held_out: BatchSource | None = None,
    *,
    batch_size: int,
    generator: np.random.Generator,
    weights: Mapping[str, float] | None = None,
    schedule: Schedule = Constant(),  # noqa: B008 - frozen
    clipping: Clipping | None = None,
    regularizers: Sequence[Regularizer] = (),
    endless: bool = False,
) -> Trainer:
    """Return a trainer, which stops before NaN or Inf gets into the parameters and resumes exactly.

    Rows of its log have both errors of the held-out clips per frame, whichever loss trains.

    Parameters
    ----------
    network
        What learns.
    optimizer, schedule, clipping, regularizers
        How it learns.
    batches, held_out
        Clips to learn from and to measure on, such as `ClipBatches`.
    batch_size
        Clips in a step.
    generator
        Draws the order of the clips.
    weights
        How much reconstruction and prediction count; 1 by default.
    endless
        Whether the clips, of a source that makes any number of them, come one after the other for ever: an
        epoch goes on where the one before ended, and none is seen twice.

    Raises
    ------
    ValueError
        As `nn.training.Trainer`, and when a weight belongs to no head.
    """
    options = Options(
        regularizers=tuple(regularizers),
        clipping=clipping,
        metrics=head_metrics(network.blueprint),
        shuffled=not endless,
        last_batch="drop",
    )
    trainer = Trainer(
        network,
        head_losses(network.blueprint, weights),
        optimizer,
        batches,
        held_out,
        batch_size=batch_size,
        generator=generator,
        schedule=schedule,
        options=options,
    )
    if endless:
        trainer.shuffle = EndlessOrder(
            len(batches), generator=generator, shuffled=False, last_batch=options.last_batch
        )
    return trainer


class EndlessOrder(Shuffle):
    """Entries in their order, those of an epoch after those of the epoch before."""

    def next(self, count: int) -> np.ndarray:
        """Return the next batch of `count` entries, int (count,)."""
        return super().next(count) + self._before

    def peek(self, count: int) -> np.ndarray:
        """Return the batch after the next one; nothing where that is of the next epoch."""
        return super().peek(count) + self._before

    @property
    def _before(self) -> int:
        """Entries of the epochs that are over."""
        return self.epoch * self.entries
