"""What an input path holds: a folder of image files, IDX files, or an array of images."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image

from nn.data.arrays import ARRAY_SUFFIXES, read_array
from nn.data.errors import DataError
from nn.data.folder import ImageFiles, find_images
from nn.data.idx import IMAGE_NAME, LABEL_NAME, read_idx
from nn.data.image_set import ImageSet, Skipped
from nn.data.levels import to_eight_bits
from nn.data.memory import require_memory
from nn.data.picture import image_suffixes
from nn.data.unread import SUFFIXES, not_read
from nn.one_line import printable_name
from nn.shape import Shape

logger = logging.getLogger(__name__)


class Pictures(Protocol):
    """Pictures of any size and mode, opened one at a time."""

    @property
    def origin(self) -> Path:
        """The file or folder they come from."""

    @property
    def names(self) -> Sequence[str]:
        """A name for each."""

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Files that were already found unusable."""

    def __len__(self) -> int: ...

    def open(self, index: int) -> Image.Image:
        """Open one; the caller closes it."""

    def first(self, count: int) -> Pictures:
        """Return the first `count` of them."""


@dataclass(frozen=True, eq=False)
class ArrayPictures:
    """Pictures in an array (N, height, width) or (N, height, width, channels) from a file."""

    origin: Path
    array: np.ndarray
    skipped: Sequence[Skipped] = ()

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def names(self) -> list[str]:
        """The file's name and the place in it."""
        return [f"{printable_name(self.origin.name)}[{index}]" for index in range(len(self))]

    @property
    def shape(self) -> Shape:
        """Shape of every picture."""
        return Shape(*self.array.shape[1:], *(() if self.array.ndim == 4 else (1,)))

    def open(self, index: int) -> Image.Image:
        """Return a picture of 8 bits, of mode L, LA, RGB or RGBA."""
        pixels = np.ascontiguousarray(to_eight_bits(self.array[index]))
        return Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)

    def first(self, count: int) -> ArrayPictures:
        """Return the first `count` of them."""
        return replace(self, array=self.array[:count])

    def unchanged(self) -> ImageSet:
        """Return the numbers as they are: uint8 stays, uint16 and floating point become float32."""
        array = self.array.reshape(len(self), *self.shape)
        dtype = np.uint8 if array.dtype == np.uint8 else np.float32
        require_memory(array.size * np.dtype(dtype).itemsize, str(self.origin))
        if array.dtype.kind == "u" and dtype == np.float32:
            images = np.divide(array, np.float32(65535), dtype=np.float32)
        else:
            images = np.array(array, dtype, order="C")
        if dtype == np.float32:
            np.clip(images, 0, 1, out=images)  # rounding, see `nn.data.levels`
        return ImageSet(images, self.names, skipped=self.skipped)


class Source(NamedTuple):
    """Pictures to train on, those that the files themselves hold out, if any."""

    training: Pictures
    held_out: Pictures | None = None

    def first(self, count: int) -> Source:
        """Return the first `count` pictures of both."""
        return Source(
            self.training.first(count), None if self.held_out is None else self.held_out.first(count)
        )


def open_source(path: Path, limit: int | None = None) -> Source:
    """Find out what a path holds.

    In a folder, IDX files of images come first: the one with `train` in its name, and the one with `t10k` or
    `test` for the held-out images; files of labels are ignored. Then image files, nested folders included. A
    folder of neither may hold one `.npy` or `.npz`, beside pictures that cannot be read and anything else.

    Parameters
    ----------
    path
        A folder, an IDX file (`.gz` too), a `.npy` or `.npz`, or one image file.
    limit
        Use only this many of the first pictures of each file or folder.

    Raises
    ------
    DataError
        When there is nothing to use, or it is not clear which of several files is meant.
    """
    if limit is not None and limit < 1:
        raise DataError(f"limit {limit}: must be at least 1")
    if os.path.isdir(path):
        source = _open_folder(path)
    elif os.path.isfile(path):
        source = Source(_open_file(path))
    else:
        raise DataError(f"{path}: no such file or folder, or no permission to see it")
    return source if limit is None else source.first(limit)


def _open_file(path: Path) -> Pictures:
    suffix = path.suffix.lower()
    if suffix in ARRAY_SUFFIXES:
        return ArrayPictures(path, read_array(path))
    if suffix in image_suffixes():
        return ImageFiles(path.parent, [Path(path.name)])
    if suffix in SUFFIXES:
        raise DataError(f"{path}: {not_read(SUFFIXES[suffix])}")
    return ArrayPictures(path, read_idx(path))


def _open_folder(root: Path) -> Source:
    try:
        files = sorted(path for path in root.iterdir() if not path.name.startswith(".") and path.is_file())
    except OSError as error:
        raise DataError(f"{root}: cannot list the folder: {error.strerror}") from error
    indexed = [path for path in files if IMAGE_NAME.search(path.name)]
    if indexed:
        return _open_indexed(root, indexed)
    images = find_images(root)
    arrays = [path for path in files if path.suffix.lower() in ARRAY_SUFFIXES]
    if images.paths or (images.skipped and not arrays):
        if arrays:
            logger.warning("%s: using the image files, not %s", root, _join(arrays))
        return Source(images)
    if len(arrays) == 1:
        return Source(ArrayPictures(arrays[0], read_array(arrays[0]), images.skipped))
    if arrays:
        raise DataError(f"{root}: several arrays, {_join(arrays)}: give the one to use as the input")
    labels = [path for path in files if LABEL_NAME.search(path.name)]
    hint = f"; {_join(labels)} holds labels" if labels else ""
    raise DataError(f"{root}: no image files, IDX files of images, .npy or .npz{hint or _there(files)}")


def _there(files: Sequence[Path]) -> str:
    """Say what a folder holds instead."""
    if not files:
        return ""
    counts = Counter(printable_name(path.suffix.lower()) or "no suffix" for path in files)
    return f"; it holds {', '.join(f'{count} of {suffix}' for suffix, count in counts.most_common(5))}"


def _open_indexed(root: Path, paths: list[Path]) -> Source:
    # torchvision leaves both train-images-idx3-ubyte and its .gz in the folder.
    paths = [path for path in paths if path.suffix != ".gz" or path.with_suffix("") not in paths]
    training = [path for path in paths if "train" in path.name]
    held_out = [path for path in paths if "t10k" in path.name or "test" in path.name]
    if len(paths) == 1:
        return Source(ArrayPictures(paths[0], read_idx(paths[0])))
    if len(training) != 1 or len(held_out) > 1:
        raise DataError(
            f"{root}: several IDX files of images, {_join(paths)}: give the one to use as the input"
        )
    opened = [ArrayPictures(path, read_idx(path)) for path in training + held_out]
    return Source(*opened)


def _join(paths: Iterable[Path]) -> str:
    return ", ".join(printable_name(path.name) for path in paths)
