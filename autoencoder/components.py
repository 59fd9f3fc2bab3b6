"""Principal components of images, or of a sample of many, and what they keep of others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nn import ImageSet
from nn.principal_components import EXACT_SIDE, PrincipalComponents, principal_components
from nn.shifts import offsets, shifted

MOST_COMPONENTS = 512
"""That are looked for: time and memory grow with their number."""

MOST_NUMBERS = 2**26
"""Numbers of all rows together, 256 MiB in float32: 85,000 images of 28 x 28, or 5,400 of 64 x 64 x 3."""

QUICK_COUNT = 128
"""Components up to which so many numbers take seconds; for more, where they are iterated, fewer are used."""

BLOCK = 512


def sample(images: ImageSet, most: int = MOST_NUMBERS) -> np.ndarray:
    """Return the places of as many images, equally far apart, as have so many numbers: int (n,)."""
    count = min(len(images), max(2, most // images.shape.size))
    return np.linspace(0, len(images) - 1, count).round().astype(np.int64)


class ShiftCopies(NamedTuple):
    """How images are shown to what components are fitted on.

    Attributes
    ----------
    radius
        Each in all shifts by up to so many pixels, down or up and to a side together.
    repeats
        How often each is there as it is.
    """

    radius: int = 0
    repeats: int = 1

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """The shifts."""
        return [each for each in offsets(self.radius)[1:] if sum(map(abs, each)) <= self.radius]

    @property
    def copies(self) -> int:
        """How many there are of each."""
        return len(self.offsets) + self.repeats


UNSHIFTED = ShiftCopies()


def image_rows(images: ImageSet, places: np.ndarray, shift_copies: ShiftCopies = UNSHIFTED) -> np.ndarray:
    """Return images as float32 (n, numbers)."""
    found = images.batch(places)[0]
    if shift_copies == UNSHIFTED:
        return found.reshape(len(found), -1)
    copies = np.empty((shift_copies.copies, *found.shape), found.dtype)
    copies[: shift_copies.repeats] = found
    for copy, offset in zip(copies[shift_copies.repeats :], shift_copies.offsets, strict=True):
        shifted(found, offset, copy)
    return copies.reshape(shift_copies.copies * len(found), -1)


def fitted_on(images: ImageSet, count: int, shift_copies: ShiftCopies = UNSHIFTED) -> np.ndarray:
    """Return the places of the images that `fitted_components` uses: int (n,)."""
    is_exact = images.shape.size <= EXACT_SIDE
    share = 1.0 if is_exact else QUICK_COUNT / max(QUICK_COUNT, count)
    return sample(images, int(MOST_NUMBERS * share) // shift_copies.copies)


def fitted_components(
    images: ImageSet, count: int, shift_copies: ShiftCopies = UNSHIFTED, *, generator: np.random.Generator
) -> PrincipalComponents:
    """Return principal components of images, or of a sample of many."""
    rows = image_rows(images, fitted_on(images, count, shift_copies), shift_copies)
    return principal_components(rows, count, generator=generator)


def components_error(components: PrincipalComponents, images: ImageSet) -> float:
    """Return the mean squared error of what components keep of images, or of a sample of many."""
    return mean_error(images, lambda batch: components.kept(batch.reshape(len(batch), -1)))


def mean_error(images: ImageSet, outputs: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return the mean squared error over what counts of images, or of a sample; NaN where nothing does.

    Parameters
    ----------
    images
        What the outputs should be.
    outputs
        Gives, of float32 (n, height, width, channels), as many numbers in the same order.
    """
    places = sample(images)
    total = count = 0.0
    for start in range(0, len(places), BLOCK):
        batch, mask = images.batch(places[start : start + BLOCK])
        weights = np.broadcast_to(np.float64(1) if mask is None else mask, batch.shape)
        differences = np.subtract(outputs(batch).reshape(batch.shape), batch, dtype=np.float64)
        total += float(np.sum(np.square(differences) * weights))
        count += float(weights.sum(dtype=np.float64))
    return total / count if count else math.nan
