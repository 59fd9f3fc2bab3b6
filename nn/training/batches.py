"""Mini-batches: what a training step eats, and where it comes from."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike

from nn.history import aligned_zeros, padded
from nn.kernels.batches import gather_levels, gather_values


class Batch(NamedTuple):
    """Inputs with what the network should answer.

    Attributes
    ----------
    inputs, targets
        Histories (..., N), of the network's dtype.
    mask
        Weights in [0, 1] that broadcast to the targets, 0 on unused entries; None counts everything.
    entries
        How many of the N entries are active.
    """

    inputs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray | None
    entries: int

    @property
    def weight(self) -> float:
        """How much the batch counts in a mean over batches: entries, or the mask's sum."""
        return float(self.entries) if self.mask is None else float(self.mask.sum(dtype=np.float64))


class BatchSource(Protocol):
    """Entries that can be asked for by number."""

    def __len__(self) -> int:
        """How many entries there are."""

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the entries at `indices`, int (n,); the next call may overwrite them."""


class ImageBatches:
    """Images that are their own targets, as an autoencoder wants them.

    Batches are written into buffers that are used again: each call overwrites the batch before.

    Parameters
    ----------
    images
        (N, height, width, channels), uint8 (0 to 255) or floating point (0 to 1).
    masks
        bool (N, height, width), False on pixels that do not count; None where all do.
    dtype
        The network's: float32 or float64.

    Raises
    ------
    ValueError
        When there is no image, or images or masks have another shape or dtype.
    """

    def __init__(
        self, images: np.ndarray, masks: np.ndarray | None = None, *, dtype: DTypeLike = np.float32
    ) -> None:
        if images.ndim != 4 or not len(images):
            raise ValueError(f"images have shape {images.shape}, expected (N, height, width, channels)")
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise ValueError(f"images are {images.dtype}, expected uint8 or floating point")
        if masks is not None and (masks.dtype != np.bool_ or masks.shape != images.shape[:3]):
            raise ValueError(
                f"masks are {masks.dtype} {masks.shape}, expected bool {images.shape[:3]} for these images"
            )
        self._images = _Gatherer(images, np.arange(256, dtype=dtype) / np.dtype(dtype).type(255))
        self._masks = None
        if masks is not None:
            self._masks = _Gatherer(masks[..., None].view(np.uint8), np.array([0, 1], dtype))

    def __len__(self) -> int:
        return len(self._images.rows)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the images at `indices`, int (n,), as inputs and targets (height, width, channels, N).

        Raises
        ------
        IndexError
            When there is no such image.
        """
        if not len(indices) or indices.min() < 0 or indices.max() >= len(self):
            raise IndexError(f"images {indices} of {len(self)}")
        inputs = self._images.gather(indices)
        mask = None if self._masks is None else self._masks.gather(indices)
        return Batch(inputs, inputs, mask, len(indices))


class _Gatherer:
    """Entries (N, ...) of bytes or numbers, written as histories (..., N padded) into one buffer.

    `levels` says what each byte means; it also sets the dtype.
    """

    def __init__(self, entries: np.ndarray, levels: np.ndarray) -> None:
        self.rows = entries.reshape(len(entries), -1)
        self.levels = levels
        self.shape = entries.shape[1:]
        self._buffer = aligned_zeros(0, levels.dtype)

    def gather(self, indices: np.ndarray) -> np.ndarray:
        """Return the entries at `indices` as histories."""
        histories = padded(len(indices))
        size = math.prod(self.shape) * histories
        if self._buffer.size < size:
            self._buffer = aligned_zeros(size, self.levels.dtype)
        values = self._buffer[:size].reshape(-1, histories)
        if self.rows.dtype == np.uint8:
            gather_levels(self.rows, self.levels, indices, values)
        else:
            gather_values(self.rows, indices, values)
        return values.reshape(*self.shape, histories)
