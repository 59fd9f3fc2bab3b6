"""Images from files, with their labels where there are some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.gan.settings import Settings
from nn import DataError, ImageSet
from nn.data import load_all
from nn.data.labelled import find_labels
from nn.data.source import ArrayPictures, Pictures, open_source
from nn.one_line import printable_name

Progress = Callable[[int, int], None]


def load_pictures(settings: Settings, progress: Progress | None) -> list[ImageSet]:
    """Return the images of a path, and those that its files or the settings hold out, if any.

    Raises
    ------
    DataError
        When they cannot be used, or differ in size and nothing says how to fit them.
    """
    source = open_source(Path(settings.data), settings.limit)
    found = [source.training]
    if settings.test_data is not None:
        found.append(open_source(settings.test_data, settings.limit).training)
    elif source.held_out is not None:
        found.append(source.held_out)
    sets = [_load(pictures, settings, progress) for pictures in found]
    if len(sets) == 2 and (sets[0].labels is None) != (sets[1].labels is None):
        without = found[0 if sets[0].labels is None else 1].origin
        raise DataError(f"{without}: labels are missing, and the other images have some: give both, or none")
    return sets


def _load(pictures: Pictures, settings: Settings, progress: Progress | None) -> ImageSet:
    if settings.fit is None:
        _check_sizes(pictures)
    origin = pictures.origin
    if not isinstance(pictures, ArrayPictures) and len(pictures) == 1:
        origin = origin / pictures.names[0]
    images = load_all(
        origin, settings.image_shape, fit=settings.fit or "crop", limit=settings.limit, progress=progress
    )
    labels = find_labels(origin) if isinstance(pictures, ArrayPictures) else None
    if labels is None:
        return images
    labels = labels[: len(images)] if settings.limit else labels
    if len(labels) != len(images):
        raise DataError(f"{origin}: {len(images)} images, but {len(labels)} labels")
    return replace(images, labels=labels.astype(np.int64))


def _check_sizes(pictures: Pictures) -> None:
    """Refuse pictures of different sizes."""
    if isinstance(pictures, ArrayPictures):
        return
    first: tuple[int, int] | None = None
    for index, name in enumerate(pictures.names):
        try:
            with pictures.open(index) as picture:
                size = picture.size
        except (DataError, OSError):
            continue  # such files are skipped, with a warning, when they are loaded
        first = first or size
        if size != first:
            sizes = [f"{width} x {height}" for width, height in (first, size)]
            raise DataError(
                f"{pictures.origin}: images of different sizes: {printable_name(pictures.names[0])} is "
                f"{sizes[0]}, {printable_name(name)} is {sizes[1]}: say how they are fitted, by --fit crop, "
                "--fit pad or --fit stretch"
            )
