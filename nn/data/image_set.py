"""A set of images in memory: the result of loading images in any way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nn.data.errors import DataError
from nn.data.expectation import DataSet, Facts
from nn.data.memory import require_memory
from nn.pixel_scaling import scale_pixels
from nn.shape import Shape


class Skipped(NamedTuple):
    """A file that could not be used, and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class ImageSet(DataSet):
    """Images of one shape, with their padding, names and labels.

    Attributes
    ----------
    images
        uint8 (0 to 255) or float32 (0 to 1), (N, height, width, channels).
    names
        N names: a path relative to the folder, or the file and the place in it.
    masks
        bool (N, height, width), False on padding; None when no pixel is padding.
    labels
        int64 (N,), or None when they are not known.
    skipped
        Files that could not be used.

    Raises
    ------
    DataError
        When dtypes, or the shapes of two attributes, do not go together.
    """

    images: np.ndarray
    names: Sequence[str]
    masks: np.ndarray | None = None
    labels: np.ndarray | None = None
    skipped: Sequence[Skipped] = ()

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype not in (np.uint8, np.float32):
            raise DataError(
                f"images must be uint8 or float32 (N, height, width, channels), not "
                f"{self.images.dtype} {self.images.shape}"
            )
        if len(self.names) != len(self):
            raise DataError(f"{len(self.names)} names for {len(self)} images")
        _check_array("masks", self.masks, np.bool_, self.images.shape[:3])
        _check_array("labels", self.labels, np.int64, self.images.shape[:1])

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> Shape:
        """Height, width and channels of every image."""
        return Shape(*self.images.shape[1:])

    @property
    def size_in_bytes(self) -> int:
        """Bytes of the images and their masks."""
        return self.images.nbytes + (0 if self.masks is None else self.masks.nbytes)

    def facts(self) -> Facts:
        """Return what `validate` looks at; padding does not count."""
        return Facts(
            "images",
            tuple(self.shape),
            self.names,
            ("row", "column", "channel"),
            values=self.images,
            counted=None if self.masks is None else self.masks[..., None],
            labels=self.labels,
        )

    def check_apart_from(self, held_out: ImageSet) -> None:
        """Allow any: crops of one image may be in both, from parts of their own."""

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return some images, ready for training.

        Parameters
        ----------
        indices
            Which images: int (n,).

        Returns
        -------
        images
            float32 (n, height, width, channels) in [0, 1].
        mask
            float32 (n, height, width, 1), 0 on padding and 1 elsewhere; None without masks.
        """
        images = scale_pixels(self.images[indices])
        if self.masks is None:
            return images, None
        return images, self.masks[indices][..., None].astype(np.float32)

    def select(self, indices: np.ndarray) -> ImageSet:
        """Return a set of the images at `indices` (int, (n,)), in that order; files skipped stay listed.

        Raises
        ------
        DataError
            When memory does not suffice for the copy.
        """
        share = len(indices) / max(len(self), 1)
        require_memory(int(share * self.size_in_bytes), f"a selection of {len(indices)} images")
        return ImageSet(
            images=self.images[indices],
            names=[self.names[index] for index in indices],
            masks=None if self.masks is None else self.masks[indices],
            labels=None if self.labels is None else self.labels[indices],
            skipped=self.skipped,
        )

    def split(self, held_out_fraction: float, *, generator: np.random.Generator) -> tuple[ImageSet, ImageSet]:
        """Divide at random into a training set and a held-out set, both in the old order.

        At least one image is held out, unless the fraction is 0 or there is only one image.

        Parameters
        ----------
        held_out_fraction
            Share of the images to hold out, in [0, 1).
        generator
            Draws which.

        Raises
        ------
        DataError
            When the fraction is not in [0, 1).
        """
        check_fraction(held_out_fraction)
        held_out = 0
        if held_out_fraction > 0:
            held_out = min(max(1, round(held_out_fraction * len(self))), len(self) - 1)
        order = generator.permutation(len(self))
        return self.select(np.sort(order[held_out:])), self.select(np.sort(order[:held_out]))


def check_fraction(held_out_fraction: float) -> None:
    """Raise DataError unless the fraction is in [0, 1)."""
    if not 0 <= held_out_fraction < 1:
        raise DataError(f"held-out fraction {held_out_fraction}: must be at least 0 and less than 1")


def _check_array(name: str, array: np.ndarray | None, dtype: type, shape: tuple[int, ...]) -> None:
    if array is not None and (array.dtype != dtype or array.shape != shape):
        raise DataError(f"{name} must be {dtype.__name__} {shape}, not {array.dtype} {array.shape}")
