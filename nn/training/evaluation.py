"""How well a network does on data it does not learn from."""

from __future__ import annotations

import numpy as np

from nn.losses import Loss
from nn.training.batches import BatchSource
from nn.training.trainable import Trainable


def mean_loss(network: Trainable, loss: Loss, source: BatchSource, batch_size: int) -> float:
    """Return the mean loss over a whole source.

    Every entry, or every output that a mask lets count, has the same weight, however the source
    divides into batches.

    Parameters
    ----------
    network
        Only its forward runs, as at the time of use.
    loss
        Mean over a batch.
    source
        All its entries are used, in order.
    batch_size
        Entries at a time.
    """
    total = weight = 0.0
    for start in range(0, len(source), batch_size):
        batch = source.batch(np.arange(start, min(start + batch_size, len(source))))
        outputs = network.forward(batch.inputs)
        mean, _ = loss(outputs, batch.targets, entries=batch.entries, mask=batch.mask)
        total += mean * batch.weight
        weight += batch.weight
    return total / weight
