"""Loading images: from a path to sets of one shape, with or without a split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nn.data.assemble import Progress, assemble, warn_of_skipped
from nn.data.colour import check_channels
from nn.data.crops import RandomCrops, centre_crop, draw_crops
from nn.data.digits import digits
from nn.data.errors import DataError
from nn.data.fit import Fit, WholePicture, check_fit
from nn.data.image_set import ImageSet, check_fraction
from nn.data.source import ArrayPictures, Pictures, open_source
from nn.shape import Shape

BUILT_IN_COUNT = 20_000
"""How many digits are rendered when no path and no limit are given."""


def load_images(
    path: Path | None,
    shape: Shape,
    *,
    fit: Fit = "crop",
    generator: np.random.Generator,
    held_out_fraction: float = 0.1,
    crops_per_image: int = 100,
    limit: int | None = None,
    progress: Progress | None = None,
) -> tuple[ImageSet, ImageSet]:
    """Load images for training, and others that are held out.

    Parameters
    ----------
    path
        What `open_source` takes, or None for rendered digits.
    shape
        Shape of every image in the result; 1, 3 or 4 channels.
    fit
        How images of another size are fitted: one of `FITS`. Digits are rendered to size.
    generator
        Draws the split, the crops and the digits.
    held_out_fraction
        Share to hold out, in [0, 1). Where IDX files come as a training and a test file, the test
        file is held out whatever the fraction. With random crops it is the share of every image
        whose pixels no training crop touches, and the number of held-out crops as a share of
        `crops_per_image`.
    crops_per_image
        Number of training crops of each image, for random crops only.
    limit
        Use only this many of the first images (before bad ones are skipped), or render this many digits.
    progress
        Called after each image.

    Returns
    -------
    training, held_out
        uint8; float32 for arrays of more than 8 bits that need no fitting. Files that were
        skipped are listed in both.

    Raises
    ------
    DataError
        When there is no usable image, a file of many images is damaged, an option is out of
        range, or memory does not suffice.
    """
    _check(shape, fit)
    check_fraction(held_out_fraction)
    if path is None:
        count = BUILT_IN_COUNT if limit is None else limit
        return digits(count, shape, generator=generator).split(held_out_fraction, generator=generator)
    source = open_source(path, limit)
    if fit == "random-crop":
        fraction = held_out_fraction if source.held_out is None else 0.0
        pictures = len(source.training)
        cutter = draw_crops(pictures, shape, crops_per_image, fraction, generator=generator)
        training, held_out = _load_crops(source.training, cutter, progress)
    elif source.held_out is None:
        whole = _load(source.training, shape, fit, progress)
        training, held_out = whole.split(held_out_fraction, generator=generator)
    else:
        training = _load(source.training, shape, fit, progress)
    if source.held_out is not None:
        held_out = _load(source.held_out, shape, fit, progress)
    return training, held_out


def load_all(
    path: Path, shape: Shape, *, fit: Fit = "crop", limit: int | None = None, progress: Progress | None = None
) -> ImageSet:
    """Load every image once, in the order of the sorted files or of the file that holds them.

    For random crops it is the one in the centre of each image. For IDX files that come as a training and a
    test file it is the training file: give the path of the other to load that. Parameters and errors are
    those of `load_images`.
    """
    _check(shape, fit)
    return _load(open_source(path, limit).training, shape, fit, progress)


def _check(shape: Shape, fit: str) -> None:
    check_channels(shape.channels)
    check_fit(fit)
    if min(shape) < 1:
        raise DataError(f"shape {shape}: every side must be at least 1")


def _load(pictures: Pictures, shape: Shape, fit: Fit, progress: Progress | None) -> ImageSet:
    if isinstance(pictures, ArrayPictures) and pictures.shape == shape:
        images = pictures.unchanged()
        warn_of_skipped(pictures.origin, images.skipped, len(images) + len(images.skipped))
        return images
    if fit == "random-crop":
        return assemble(pictures, centre_crop(shape, len(pictures)), progress)
    return assemble(pictures, WholePicture(shape, fit), progress)


def _load_crops(
    pictures: Pictures, cutter: RandomCrops, progress: Progress | None
) -> tuple[ImageSet, ImageSet]:
    crops = assemble(pictures, cutter, progress)
    is_held_out = np.arange(len(crops)) % cutter.pieces >= cutter.pieces - cutter.held_out
    return crops.select(np.flatnonzero(~is_held_out)), crops.select(np.flatnonzero(is_held_out))
