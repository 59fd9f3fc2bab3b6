"""Writing results: directories and pictures; each file is complete or absent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.errors import InputError
from workbench.files import make_directory, replacing

NAME_LENGTH = 60
"""Bytes of a source's name in the name of a result: file systems have room for 255 in all."""

NUMBERED = re.compile(r"\d+(-[^/]*)?\.png")
"""Names that `picture_names` gives."""


def picture_names(count: int, sources: Sequence[str] = ()) -> list[str]:
    """Return file names for pictures: a number that keeps their order, and the stem of the source's name."""
    digits = len(str(max(count - 1, 0)))
    if not sources:
        return [f"{number:0{digits}}.png" for number in range(count)]
    return [f"{number:0{digits}}-{_stem(sources[number])}.png" for number in range(count)]


def _stem(source: str) -> str:
    """Return the name of a file without its folders, its suffix and anything but plain characters."""
    name = source.rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] or name
    return re.sub(r"[^\w-]+", "_", stem).encode()[:NAME_LENGTH].decode(errors="ignore")


def prepare_for_pictures(directory: Path, *, overwrite: bool) -> None:
    """Make a directory for pictures, and delete those of an earlier run if that is allowed.

    Raises
    ------
    InputError
        When it holds files and nothing may be overwritten, or files of another kind.
    """
    make_directory(directory)
    present = sorted(directory.iterdir())
    if present and not overwrite:
        raise InputError(
            f"{directory}: holds {len(present)} files already; give --overwrite to replace them, or another "
            "--output-directory"
        )
    foreign = [path.name for path in present if not NUMBERED.fullmatch(path.name)]
    if foreign:
        raise InputError(f"{directory}: holds {foreign[0]}, which this program did not write; move it away")
    for path in present:
        path.unlink()


def write_pictures(
    directory: Path,
    images: np.ndarray,
    names: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write images as PNG.

    Parameters
    ----------
    directory
        Must exist.
    images
        Floating point (N, height, width, channels) in [0, 1]; 1, 3 or 4 channels.
    names
        N file names.
    progress
        Called with the number written so far and their total, after each.
    """
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        pixels = np.rint(image * 255).astype(np.uint8)
        with replacing(directory / name, sync=False) as file:
            Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, format="PNG")
        if progress:
            progress(number + 1, len(images))
