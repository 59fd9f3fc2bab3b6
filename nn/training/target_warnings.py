"""Errors and warnings about the first batch, before training begins."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from nn.losses import Loss
from nn.training.batch import Batch, BatchSource, Values, named
from nn.training.batch_shapes import reshape_batch
from nn.training.losses import AnyLoss, Losses
from nn.training.target_ranges import HasOutputRange, unreachable_targets
from nn.training.trainable import Trainable

logger = logging.getLogger(__name__)


def first_batch(name: str, source: BatchSource, batch_size: int, network: Trainable) -> Batch:
    """Return the first entries of a source, which the message calls `name`, as the network takes them.

    Raises
    ------
    ValueError
        When the inputs are of another dtype than the network, naming both, and what to give.
    """
    batch = source.batch(np.arange(min(batch_size, len(source))))
    wanted = network.parameters.dtype
    for called, array in named(batch.inputs).items():
        if array.dtype not in (wanted, network.stored_dtype):
            what = f"the input {called}" if called else "inputs"
            raise ValueError(
                f"{name} gives {what} as {array.dtype}, but the network is {wanted}: "
                f'give ArrayBatches(..., dtype="{wanted}")'
            )
    return reshape_batch(batch, network)


def warn_of_unreachable_targets(network: Trainable, loss: AnyLoss, batch: Batch) -> None:
    """Log a warning when the network cannot reach its first targets; see `beyond_reach`."""
    for name, warning in beyond_reach(network, loss, batch).items():
        logger.warning("%s%s", f"output {name}: " if name else "", warning)


def beyond_reach(network: Trainable, loss: AnyLoss, batch: Batch) -> dict[str, str]:
    """Return why outputs cannot reach targets of a batch, by their names; see `nn.training.target_ranges`.

    Raises
    ------
    ValueError
        When losses, outputs and targets do not go together by their names.
    """
    masks, found = named(batch.mask), {}
    for name, end, part in _ends_with_losses(network, loss, batch.targets):
        own = named(batch.targets)[name], batch.entries, masks.get(name)
        warning = unreachable_targets(end, part, *own)
        if warning is not None:
            found[name] = warning
    return found


def _ends_with_losses(
    network: Trainable, loss: AnyLoss, targets: Values
) -> list[tuple[str, HasOutputRange, Loss]]:
    ends, several = network.named_outputs, len(network.named_outputs) > 1
    if isinstance(loss, Losses):
        loss.check_names(dict.fromkeys(ends, np.empty(0)) if several else np.empty(0), targets)
        return [(name, ends[name], part) for name, part in loss.parts.items()]
    if several:
        raise ValueError(
            f"the network has the outputs {', '.join(ends)}: give nn.training.Losses with a loss for each"
        )
    if isinstance(targets, Mapping):
        raise ValueError(f"the network has one output: give its targets alone, not {', '.join(targets)}")
    (end,) = ends.values()
    return [("", end, loss)]
