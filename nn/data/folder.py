"""A folder of image files: which there are, and opening one without trusting it."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from PIL import Image

from nn.byte_sizes import format_bytes
from nn.data.errors import DataError
from nn.data.image_set import Skipped
from nn.data.picture import FILE_LIMIT, image_suffixes, open_picture
from nn.data.unread import SUFFIXES, not_read
from nn.one_line import one_line, printable_name

FOLDERS_OF_SYSTEMS = frozenset(("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"))
"""Where unpacked archives, network drives and bins keep copies and pieces of pictures."""

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
        Files that were already found unusable.
    """

    origin: Path
    paths: Sequence[Path]
    skipped: Sequence[Skipped] = ()

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def names(self) -> list[str]:
        """The relative paths, with forward slashes; see `nn.one_line`."""
        return [printable_name(path.as_posix()) for path in self.paths]

    def open(self, index: int) -> Image.Image:
        """Open a file and read its header; see `open_image`."""
        return open_image(self.origin / self.paths[index])

    def first(self, count: int) -> ImageFiles:
        """Return the first `count` of them."""
        return replace(self, paths=self.paths[:count])


def find_images(root: Path) -> ImageFiles:
    """Find the image files below a folder, going by their suffix.

    Pictures of formats that are not read are skipped by name. Hidden files and folders (a leading dot),
    folders that systems create for themselves, and files that are not pictures are ignored. Links are
    followed; a folder that was visited is not entered again, so loops end. The order is that of the relative
    paths, character by character, the same on every system.

    Raises
    ------
    DataError
        When the folder itself cannot be listed.
    """
    skipped: list[Skipped] = []

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == root:
            raise DataError(f"{root}: cannot list the folder: {error.strerror}") from error
        skip(Path(error.filename), reason(error))

    def skip(path: Path, why: str) -> None:
        skipped.append(Skipped(printable_name(path.relative_to(root).as_posix()), why))

    paths: list[Path] = []
    seen: set[str] = set()
    for folder, subfolders, files in os.walk(root, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not is_hidden(name))
        for path in (Path(folder, name) for name in files if not is_hidden(name)):
            suffix = path.suffix.lower()
            if suffix in image_suffixes():
                paths.append(path.relative_to(root))
            elif suffix in SUFFIXES:
                skip(path, not_read(SUFFIXES[suffix]))
            else:
                logger.debug("%s: ignored, its suffix is not that of an image", printable_name(str(path)))
    return ImageFiles(root, sorted(paths, key=Path.as_posix), sorted(skipped))


def is_hidden(name: str) -> bool:
    """Return whether files and folders of a name are not looked at."""
    return name.startswith(".") or name in FOLDERS_OF_SYSTEMS


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
        raise DataError(
            f"{format_bytes(status.st_size)}, more than the limit of {format_bytes(FILE_LIMIT)}: not read"
        )
    with path.open("rb") as file:
        return open_picture(file.read(FILE_LIMIT))


def reason(error: Exception) -> str:
    """Say briefly, on one line, why a file could not be used."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return one_line(str(error)) or type(error).__name__
