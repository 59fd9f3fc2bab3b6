"""A folder of frames: image files, in the order of the numbers in their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nn.data.errors import DataError
from nn.data.fit import Fit, fit_picture, upright, upright_size
from nn.data.folder import open_image, reason
from nn.data.video.film import STILL, Film
from nn.one_line import printable_name
from nn.shape import Shape

GREY_MODES = ("1", "L", "I;16", "I;16B", "I", "F")
NUMBER = re.compile(r"(\d+)")


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Return what to sort names by so that 2 comes before 10; equal numbers by their spelling."""
    parts = NUMBER.split(name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


class FrameFolder(Film):
    """Image files that are the frames of one film.

    Parameters
    ----------
    folder
        Where they lie.
    files
        Their names, in order.
    name
        What messages call the film.
    channels
        1, 3 or 4; None for 1 where all are grey, and 3 otherwise.
    shape
        What frames are fitted into; None to refuse frames of different sizes.
    fit
        How; see `nn.data.fit`.

    Raises
    ------
    DataError
        When there is one alone, a header cannot be read, or says another size.
    """

    def __init__(
        self,
        folder: Path,
        files: Sequence[str],
        name: str,
        channels: int | None = None,
        *,
        shape: Shape | None = None,
        fit: Fit = "crop",
    ) -> None:
        self._folder, self._files, self._fit = folder, files, fit
        if len(files) < 2:
            raise DataError(f"{name}: {STILL}")
        headers = [_header(folder / file, name) for file in files]
        if shape is None:
            size = headers[0][0]
            _check_sizes(files, [each for each, _ in headers], name)
            grey = all(mode in GREY_MODES for _, mode in headers)
            shape = Shape(*size, channels or (1 if grey else 3))
        super().__init__(name, len(files), shape)

    def read(self, first: int, count: int) -> np.ndarray:
        """Return some frames; see `Film.read`."""
        self.require_memory(count)
        frames = np.empty((count, *self.shape), np.uint8)
        for frame, file in zip(frames, self._files[first : first + count], strict=True):
            try:
                with open_image(self._folder / file) as picture:
                    frame[:] = fit_picture(
                        upright(picture, self.shape.channels), self.shape, self._fit
                    ).pixels
            except Exception as error:  # decoders raise nearly anything on damaged data
                raise DataError(f"{self.name}: frame {printable_name(file)}: {reason(error)}") from error
        return frames


def _header(path: Path, name: str) -> tuple[tuple[int, int], str]:
    """Return the size (height, width) and the mode of a frame."""
    try:
        with open_image(path) as picture:
            return upright_size(picture), picture.mode
    except Exception as error:  # Pillow raises nearly anything on damaged headers
        raise DataError(f"{name}: frame {printable_name(path.name)}: {reason(error)}") from error


def _check_sizes(files: Sequence[str], sizes: Sequence[tuple[int, int]], name: str) -> None:
    for file, (height, width) in zip(files, sizes, strict=True):
        if (height, width) != sizes[0]:
            raise DataError(
                f"{name}: frame {printable_name(file)} has {height} x {width} pixels, "
                f"{printable_name(files[0])} {sizes[0][0]} x {sizes[0][1]}: give a shape to fit all into"
            )
