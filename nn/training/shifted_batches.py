"""Batches of images that are shifted at random every time they are seen."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike

from nn.shifts import offsets, shifted
from nn.training.batch import Batch
from nn.training.batches import ImageBatches


class Position(Protocol):
    """Where training stands, as `nn.training.shuffle.Shuffle` does."""

    epoch: int


class ShiftedBatches:
    """Images that are their own targets, each shifted by some pixels, drawn anew for every batch.

    The draws depend on the seed, the epoch and the entries of the batch, and on nothing else: a run that goes
    on from a snapshot, makes a step again or has its batches prefetched sees the same.

    Parameters
    ----------
    images, masks, dtype
        As for `nn.training.ImageBatches`; masks are shifted with their images.
    radius
        Most pixels of a shift, down, up and to either side; see `nn.shifts.offsets`.
    seed
        Of the draws.

    Attributes
    ----------
    position
        Where training stands: the trainer's `shuffle`, to be set when there is a trainer.

    Raises
    ------
    ValueError
        When the radius is negative, or as `ImageBatches`.
    """

    def __init__(
        self,
        images: np.ndarray,
        masks: np.ndarray | None = None,
        *,
        radius: int,
        seed: int,
        dtype: DTypeLike = np.float32,
    ) -> None:
        ImageBatches(images[:1], None if masks is None else masks[:1], dtype=dtype)
        self._images, self._masks, self._dtype = images, masks, np.dtype(dtype)
        self._offsets = offsets(radius)
        self.seed = seed
        self.position: Position | None = None

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the images at `indices`, int (n,), as histories (height, width, channels, N), shifted."""
        epoch = 0 if self.position is None else self.position.epoch
        generator = np.random.default_rng((self.seed, epoch, *indices.tolist()))
        drawn = generator.integers(len(self._offsets), size=len(indices))
        images = self._images[indices]
        masks = None if self._masks is None else self._masks[indices]
        for number, which in enumerate(drawn):
            if which:  # the first is no shift
                images[number] = shifted(images[number], self._offsets[which])
                if masks is not None:
                    masks[number] = shifted(masks[number][..., None], self._offsets[which])[..., 0]
        return ImageBatches(images, masks, dtype=self._dtype).batch(np.arange(len(indices)))
