"""Evaluation of a network on data it does not learn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nn.metrics import Metric
from nn.training.batch import BatchSource
from nn.training.batch_shapes import reshape_batch
from nn.training.losses import AnyLoss, batch_parts
from nn.training.mean_loss import MeanLoss
from nn.training.options import Reset
from nn.training.trainable import Trainable, run


class Evaluation(NamedTuple):
    """The results of a network on a source.

    Attributes
    ----------
    loss
        Mean over what counts of the source; None where nothing does.
    metrics
        By name; None where the source does not tell, such as a rate among positives without any.
    """

    loss: float | None
    metrics: dict[str, float | None]


def evaluate(
    network: Trainable,
    loss: AnyLoss,
    source: BatchSource,
    batch_size: int,
    metrics: Sequence[Metric] | None = None,
    *,
    reset: Reset = "batch",
) -> Evaluation:
    """Return the mean loss and the metrics over a whole source.

    Every entry, or every output that a mask lets count, has the same weight, however the source
    divides into batches. A batch in which nothing counts changes nothing.

    Parameters
    ----------
    network
        Only its forward runs, in inference mode. A sequence in progress continues afterwards as if nothing
        had happened.
    loss
        Mean over a batch.
    source
        All its entries are used, in order.
    batch_size
        Entries at a time.
    metrics
        Those of the loss where none are given.
    reset
        When a network that goes on where its last sequence ended forgets it: before every "batch", or
        once before the first, as for an "epoch" of training, or "never".

    Raises
    ------
    ValueError
        When the source is empty or the batch size below 1.
    """
    if batch_size < 1 or not len(source):
        raise ValueError(f"batch size {batch_size}, {len(source)} entries: both must be at least 1")
    chosen = loss.metrics() if metrics is None else metrics
    for metric in chosen:
        metric.reset()
    mean = MeanLoss()
    with network.inference() as looked_at:
        for start in range(0, len(source), batch_size):
            indices = np.arange(start, min(start + batch_size, len(source)))
            batch = reshape_batch(source.batch(indices), looked_at)
            if reset == "batch" or (reset == "epoch" and start == 0):
                looked_at.reset()
            outputs: Any = run(looked_at, batch)
            mean.add(batch_parts(loss, outputs, batch)[0])
            for metric in chosen:
                metric.add(outputs, batch.targets, batch.entries, batch.mask)  # type: ignore[arg-type]
    return Evaluation(mean.value, {metric.name: _known(metric.value()) for metric in chosen})


def mean_loss(network: Trainable, loss: AnyLoss, source: BatchSource, batch_size: int) -> float:
    """Return the mean loss over a whole source; NaN where nothing of it counts. See `evaluate`."""
    mean = evaluate(network, loss, source, batch_size, ()).loss
    return math.nan if mean is None else mean


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
