"""What is worth a warning before training begins."""

from __future__ import annotations

import logging

import numpy as np

from nn.training.batch import BatchSource
from nn.training.losses import AnyLoss, Losses
from nn.training.reach import unreachable_targets
from nn.training.trainable import Trainable

logger = logging.getLogger(__name__)


def warn_of_unreachable_targets(
    network: Trainable, loss: AnyLoss, source: BatchSource, batch_size: int
) -> None:
    """Log a warning when the network cannot give what its first batch asks for; see `nn.training.reach`.

    Networks with several outputs are not looked at.
    """
    if isinstance(loss, Losses):
        return
    batch = source.batch(np.arange(min(batch_size, len(source))))
    warning = unreachable_targets(network, loss, batch.targets, batch.entries, batch.mask)  # type: ignore[arg-type]
    if warning is not None:
        logger.warning("%s", warning)
