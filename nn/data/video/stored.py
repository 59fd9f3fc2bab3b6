"""Clips in a `.npy` file, which is mapped and not loaded: the published Moving MNIST, and others."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np

from nn.data.arrays import read_npy
from nn.data.errors import DataError
from nn.data.levels import to_eight_bits
from nn.data.video.clip_source import ClipSource, check_numbers
from nn.data.video.film import Film
from nn.files import replacing
from nn.shape import Shape
from nn.short_text import shorten

Axes = Literal["THW", "THWC", "TCHW", "NTHW", "TNHW", "NTHWC", "TNHWC", "NTCHW", "TNCHW"]
"""What the axes of an array are: clips (N), time, channels, height and width."""

AXES: tuple[Axes, ...] = get_args(Axes)

EXPECTED = (
    "expected clips in bytes, (N, steps, height, width), (N, steps, height, width, channels) or, of one "
    "clip, (steps, height, width); for other orders give axes, such as TNHW"
)

PUBLISHED = (20, 10_000, 64, 64)
"""Shape of `mnist_test_seq.npy`, in which time comes first (Srivastava et al. 2015)."""

CHANNELS = (1, 3, 4)
SAMPLE = 8
"""Clips and frames that are compared to find out which axis is time."""

UNLIKE = 2.0
"""Neighbours along time are this many times more alike than clips: less proves nothing."""


class StoredFilm(Film):
    """One clip of an array: any integers or floating point that `nn.data.levels` brings to 8 bits.

    Parameters
    ----------
    name
        What messages call it.
    array
        (steps, height, width, channels), which may be mapped from a file.
    """

    def __init__(self, name: str, array: np.ndarray) -> None:
        super().__init__(name, len(array), Shape(*array.shape[1:]))
        self._array = array

    def read(self, first: int, count: int) -> np.ndarray:
        """Return some frames; see `Film.read`."""
        self.require_memory(count)
        try:
            return np.ascontiguousarray(to_eight_bits(np.asarray(self._array[first : first + count])))
        except DataError as error:
            raise DataError(f"{self.name}: {error}") from error


def stored_films(path: Path, name: str, axes: Axes | None = None) -> list[StoredFilm]:
    """Map the clips of a `.npy`.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    axes
        What its axes are. Without it: of three, (steps, height, width); of five, clips come first, and the
        channels last or third; of four, it is one clip where the last are 1, 3 or 4 channels, and clips
        come first otherwise, but in an array of the shape of the published test set, where time does.

    Raises
    ------
    DataError
        When it is damaged, of another kind, or the axes are not clear.
    """
    try:
        array = read_npy(path, EXPECTED)
    except DataError as error:
        raise DataError(f"{name}: {str(error).removeprefix(f'{path}: ')}") from error
    except Exception as error:  # NumPy's reader of headers raises nearly anything on damaged ones
        raise DataError(f"{name}: cannot be read: {shorten(str(error), 300)}; {EXPECTED}") from error
    found = f"{name}: the array is {array.dtype} {array.shape}"
    if array.dtype.kind not in "uf" or not array.size:
        raise DataError(f"{found}; {EXPECTED}")
    order = axes or _axes_of(array, found)
    if order not in AXES or len(order) != array.ndim:
        raise DataError(f"{found}: it does not have the axes {order!r}; known: {', '.join(AXES)}")
    clips = np.transpose(array, [order.index(each) for each in "NTHWC" if each in order])
    clips = clips if "N" in order else clips[None]
    clips = clips if "C" in order else clips[..., None]
    if clips.shape[-1] not in CHANNELS:
        raise DataError(f"{found}: {clips.shape[-1]} channels, expected 1, 3 or 4; {EXPECTED}")
    several = len(clips) > 1
    return [StoredFilm(f"{name}[{place}]" if several else name, clip) for place, clip in enumerate(clips)]


def _axes_of(array: np.ndarray, found: str) -> str:
    shape = array.shape
    if array.ndim == 3:
        return "THW"
    if array.ndim == 5:
        return "NTHWC" if shape[-1] in CHANNELS or shape[2] not in CHANNELS else "NTCHW"
    if array.ndim != 4:
        raise DataError(f"{found}; {EXPECTED}")
    if shape == PUBLISHED:
        return "TNHW"
    if shape[-1] in CHANNELS:
        return "THWC"
    if _unlikeness(array, 1) > UNLIKE * _unlikeness(array, 0):
        raise DataError(
            f"{found}: images that follow each other along the first axis are more alike than along the "
            'second: give axes="TNHW" if the first is time, axes="NTHW" if it is clips'
        )
    return "NTHW"


def _unlikeness(array: np.ndarray, axis: int) -> float:
    """Return how much images that follow each other along an axis differ, of some at its beginning."""
    few = np.asarray(array[:SAMPLE, :SAMPLE], np.float64)
    return float(np.abs(np.diff(few, axis=axis)).mean()) if few.shape[axis] > 1 else 0.0


def store_clips(path: Path | str, source: ClipSource, numbers: np.ndarray, *, at_once: int = 64) -> None:
    """Write clips to a `.npy`, a few at a time: uint8 (n, steps, height, width, channels).

    To read it is to map it: nothing is decoded again.

    Parameters
    ----------
    path
        The file, which is replaced when all is written.
    source
        Where they are from.
    numbers
        Which: int (n,).
    at_once
        Clips that are in memory together.

    Raises
    ------
    DataError
        As `source.clips`, or when the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".npy":
        raise DataError(f"{path}: clips are stored as .npy: give such a name")
    numbers = check_numbers(numbers)
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(numbers), *source.shape)}
    try:
        with replacing(path) as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(numbers), at_once):
                file.write(np.ascontiguousarray(source.clips(numbers[start : start + at_once])).data)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
