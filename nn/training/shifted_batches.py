"""Batches of images that are shifted at random every time they are seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from nn.shifts import offsets, shifted
from nn.training.batch import Batch
from nn.training.batches import ImageBatches
from nn.training.drawn_batches import DrawnBatches


class ShiftedBatches(DrawnBatches):
    """Images that are their own targets, each shifted by some pixels, drawn anew for every batch.

    Parameters
    ----------
    images, masks, dtype
        As for `nn.training.ImageBatches`; masks are shifted with their images.
    radius
        Most pixels of a shift, down, up and to either side; see `nn.shifts.offsets`.
    seed
        Of the draws.

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
        super().__init__(seed)
        ImageBatches(images[:1], None if masks is None else masks[:1], dtype=dtype)
        self._images, self._masks, self._dtype = images, masks, np.dtype(dtype)
        self._offsets = offsets(radius)

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the images at `indices`, int (n,), as histories (height, width, channels, N), shifted."""
        drawn = self.generator_of(indices).integers(len(self._offsets), size=len(indices))
        images = self._images[indices]
        masks = None if self._masks is None else self._masks[indices]
        for number, which in enumerate(drawn):
            if which:  # the first is no shift
                images[number] = shifted(images[number], self._offsets[which])
                if masks is not None:
                    masks[number] = shifted(masks[number][..., None], self._offsets[which])[..., 0]
        return ImageBatches(images, masks, dtype=self._dtype).batch(np.arange(len(indices)))
