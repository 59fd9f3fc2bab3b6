"""A folder of image files: which there are, and opening one without trusting it."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from PIL import Image

from nn.data.errors import DataError
from nn.data.image_set import Skipped
from nn.data.picture import FILE_LIMIT, open_picture
from nn.sizes import as_size

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageFiles:
    """Image files below a folder, sorted by their path relative to it.

    Attributes
    ----------
    origin
        The folder.
    paths
        Paths relative to it.
    skipped
        What was already seen to be unusable.
    """

    origin: Path
    paths: Sequence[Path]
    skipped: Sequence[Skipped] = ()

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def names(self) -> list[str]:
        """The relative paths, with forward slashes."""
        return [path.as_posix() for path in self.paths]

    def open(self, index: int) -> Image.Image:
        """Open a file and read its header; see `open_image`."""
        return open_image(self.origin / self.paths[index])

    def first(self, count: int) -> ImageFiles:
        """Return the first `count` of them."""
        return replace(self, paths=self.paths[:count])


@cache
def image_suffixes() -> frozenset[str]:
    """Return the suffixes of files that Pillow takes for images, in lower case with their dot."""
    return frozenset(Image.registered_extensions())


def find_images(root: Path) -> ImageFiles:
    """Find the image files below a folder, going by their suffix.

    Hidden files and folders (a leading dot) and files with other suffixes are ignored. Links are
    followed; a folder that was seen already is not entered again, so loops end. Order is that of
    the relative paths, character by character, the same on every system.

    Raises
    ------
    DataError
        When the folder itself cannot be listed.
    """
    skipped: list[Skipped] = []

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == root:
            raise DataError(f"{root}: cannot list the folder: {error.strerror}") from error
        skipped.append(Skipped(Path(error.filename).relative_to(root).as_posix(), reason(error)))

    paths: list[Path] = []
    seen: set[str] = set()
    for folder, subfolders, files in os.walk(root, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        paths += [Path(folder, name).relative_to(root) for name in files if _is_candidate(folder, name)]
    return ImageFiles(root, sorted(paths, key=Path.as_posix), sorted(skipped))


def _is_candidate(folder: str, name: str) -> bool:
    if name.startswith("."):
        return False
    if Path(name).suffix.lower() in image_suffixes():
        return True
    logger.debug("%s: ignored, its suffix is not that of an image", Path(folder, name))
    return False


def open_image(path: Path) -> Image.Image:
    """Read an image file, and of the image its header only; see `nn.data.picture.open_picture`.

    Raises
    ------
    DataError
        When it is empty, not a regular file, too large, of no known format, or has too many pixels.
    OSError
        When the file cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DataError("not a regular file")
    if status.st_size > FILE_LIMIT:
        raise DataError(f"{as_size(status.st_size)}, more than the limit of {as_size(FILE_LIMIT)}: not read")
    with path.open("rb") as file:
        return open_picture(file.read(FILE_LIMIT))


def reason(error: Exception) -> str:
    """Say in a few words why a file could not be used."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
