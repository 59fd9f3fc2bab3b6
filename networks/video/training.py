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
    shuffled: bool = True,
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
    shuffled
        Whether there is an order to draw. Clips without an end come one after the other.

    Raises
    ------
    ValueError
        As `nn.training.Trainer`, and when a weight belongs to no head.
    """
    options = Options(
        regularizers=tuple(regularizers),
        clipping=clipping,
        metrics=head_metrics(network.blueprint),
        shuffled=shuffled,
        last_batch="drop",
    )
    return Trainer(
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
