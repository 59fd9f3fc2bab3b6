"""Digits to train, to validate and to test on, none of which is in two of the sets."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.argument_checks import check_count, check_generator
from nn.data.errors import DataError
from nn.data.load import load_images
from nn.shape import Shape

MNIST_SIDE = 28

CHUNK = 4096
"""Images that are scaled at a time."""

logger = logging.getLogger(__name__)


class DigitSets(NamedTuple):
    """Digits for each purpose: uint8 (N, side, side)."""

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def digit_sets(
    path: Path | str | None = None,
    *,
    side: int = MNIST_SIDE,
    held_out_fraction: float = 0.1,
    limit: int | None = None,
    generator: np.random.Generator,
) -> DigitSets:
    """Load or render digits, and divide them.

    Digits that have the same pixels are one digit: it is used in the first of the sets that has it.

    Parameters
    ----------
    path
        What `nn.data.load_images` takes, such as a folder of MNIST's IDX files, whose own test
        images are those to test on; None for rendered digits.
    side
        Height and width; digits of another size are scaled. For frames of 32 x 32 pixels it is 14, to
        move as MNIST's 28 do in 64 x 64.
    held_out_fraction
        Share for validation, and share for the test where the files hold none; above 0.
    limit
        Use only this many of the first digits of each file, or render this many.
    generator
        Draws the division, and the digits that are rendered.

    Raises
    ------
    DataError
        When there are no digits, or too few for all three.
    """
    check_count("digits: side", side)
    check_generator(generator)
    if not 0 < held_out_fraction < 0.5:
        raise DataError(f"held-out fraction {held_out_fraction}: must be above 0 and below 0.5")
    loaded = max(side, MNIST_SIDE)
    rest, test = load_images(
        None if path is None else Path(path),
        Shape(loaded, loaded, 1),
        fit="stretch",
        generator=generator,
        held_out_fraction=held_out_fraction,
        limit=limit,
    )
    training, validation = rest.split(held_out_fraction, generator=generator)
    images = (_checked_bytes(each.images[..., 0]) for each in (training, validation, test))
    sets = DigitSets(*_apart([shrunk(each, side) for each in images]))
    if not all(map(len, sets)):
        counts = ", ".join(f"{len(digits)} for {name}" for name, digits in sets._asdict().items())
        raise DataError(f"{path or 'rendered digits'}: {counts}: give more digits, that differ")
    return sets


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """Scale square images down, each pixel the mean of the area that it covers.

    Parameters
    ----------
    images
        uint8 (N, height, height).
    side
        At most their height.

    Returns
    -------
    images
        uint8 (N, side, side), rounded; as they are where they have that size.
    """
    height = images.shape[1]
    if height == side:
        return images
    edges = np.linspace(0, height, side + 1)
    starts = np.arange(height)
    covered = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    weights = (np.clip(covered, 0, None) * side / height).astype(np.float32)
    small = np.empty((len(images), side, side), np.uint8)
    for first in range(0, len(images), CHUNK):
        few = images[first : first + CHUNK].astype(np.float32)
        small[first : first + CHUNK] = np.rint(weights @ few @ weights.T)
    return small


def _checked_bytes(images: np.ndarray) -> np.ndarray:
    if images.dtype != np.uint8:
        raise DataError(f"digits of {images.dtype}: give 8 bits a pixel")
    return images


def _apart(sets: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the digits of each set, uint8 (N, side, side), whose pixels no other before them has."""
    seen: set[bytes] = set()
    for images in sets:
        new = np.zeros(len(images), np.bool_)
        for place, content in enumerate(map(np.ndarray.tobytes, images)):
            new[place] = content not in seen
            seen.add(content)
        if not new.all():
            logger.warning("%d digits are left out: others have the same pixels", (~new).sum())
        yield images[new]
