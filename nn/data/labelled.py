"""Images with labels: IDX files with their labels, arrays with theirs, or rendered digits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nn.data.arrays import npz_headers, read_npz
from nn.data.errors import DataError
from nn.data.idx import IMAGE_NAME, read_idx_labels
from nn.data.image_set import ImageSet
from nn.data.load import load_images
from nn.data.source import open_source
from nn.shape import Shape


def load_labelled(
    path: Path | None, shape: Shape, *, generator: np.random.Generator, limit: int | None = None
) -> tuple[ImageSet, ImageSet]:
    """Load labelled images to train on, and others to test on.

    Parameters
    ----------
    path
        A folder of IDX files of images, with the files of their labels beside them, such as MNIST's;
        None for rendered digits.
    shape
        Shape of the images; those of a file are not fitted.
    generator
        Draws the digits and, where the files hold no test images, the split.
    limit
        Use only this many of the first images, or render this many digits.

    Returns
    -------
    training, test
        uint8, with labels.

    Raises
    ------
    DataError
        When there are no images, no labels for them, or images of another shape.
    """
    if path is None:
        return load_images(None, shape, generator=generator, limit=limit)
    options: dict[str, Any] = {"generator": generator, "held_out_fraction": 0.0, "limit": limit}
    sets = [
        _with_labels(load_images(pictures.origin, shape, **options)[0], pictures.origin)
        for pictures in open_source(path, limit)
        if pictures is not None
    ]
    if len(sets) == 2:
        return sets[0], sets[1]
    return sets[0].split(0.1, generator=generator)


def _with_labels(images: ImageSet, origin: Path) -> ImageSet:
    labels = _labels_of(origin)[: len(images)]
    if len(labels) != len(images):
        raise DataError(f"{origin}: {len(images)} images, but {len(labels)} labels")
    return replace(images, labels=labels)


def _labels_of(origin: Path) -> np.ndarray:
    """Read the labels that belong to a file of images.

    Raises
    ------
    DataError
        When there are none.
    """
    if not IMAGE_NAME.search(origin.name):
        raise DataError(f"{origin}: labels are known of IDX files only")
    labels = find_labels(origin)
    if labels is None:
        stem = _label_name(origin)
        raise DataError(f"{origin}: there is no file of labels {stem} or {stem}.gz beside it")
    return labels


def find_labels(origin: Path) -> np.ndarray | None:
    """Return the labels of a file of images, int64 (N,), or None where there are none.

    Parameters
    ----------
    origin
        An IDX file, which may have a file of labels of the same name beside it, or an `.npz`, which may have
        an array called labels; other files and folders have none.

    Raises
    ------
    DataError
        When they cannot be read, or are no whole numbers.
    """
    if origin.suffix.lower() == ".npz":
        return _stored_labels(origin)
    if not IMAGE_NAME.search(origin.name):
        return None
    stem = _label_name(origin)
    for candidate in (origin.with_name(stem), origin.with_name(f"{stem}.gz")):
        if candidate.is_file():
            return read_idx_labels(candidate)
    return None


def _label_name(origin: Path) -> str:
    return origin.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")


def _stored_labels(origin: Path) -> np.ndarray | None:
    headers = npz_headers(origin)
    if "labels" not in headers:
        return None
    labels = read_npz(origin, "labels", headers, "labels of images are whole numbers (N,)")
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"{origin}: labels are {labels.dtype} {labels.shape}: give whole numbers (N,)")
    return labels.astype(np.int64)
