"""Sources of batches that draw what they change, anew for every batch and the same for every repetition."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Position(Protocol):
    """Where training stands, as `nn.training.shuffle.Shuffle` does."""

    epoch: int


class DrawnBatches:
    """A source whose draws depend on a seed, the epoch and the entries of the batch, and on nothing else.

    A run that goes on from a snapshot, makes a step again or has its batches prefetched sees the same.

    Parameters
    ----------
    seed
        Of the draws.

    Attributes
    ----------
    position
        Where training stands: a trainer sets it to its own `shuffle`. None is the first epoch.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.position: Position | None = None

    def generator_of(self, indices: np.ndarray) -> np.random.Generator:
        """Return what draws for the entries at `indices`, int (n,)."""
        epoch = 0 if self.position is None else self.position.epoch
        return np.random.default_rng((self.seed, epoch, *indices.tolist()))
