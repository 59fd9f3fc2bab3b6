"""Animated WebP, APNG and AVIF, decoded by Pillow; their times are read from the file's own chunks.

Writers merge frames that are equal, and only their times tell (`nn.data.video.timing`), which Pillow gives
when each frame is decoded.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nn.data.colour import to_channels
from nn.data.errors import DataError
from nn.data.picture import FILE_LIMIT, open_picture
from nn.data.video.film import STILL, DecodedInOrder, read_contents
from nn.data.video.timing import repeats
from nn.shape import Shape

UNIT = 1.0
"""Milliseconds that times are multiples of."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
FORMATS = ("GIF", "WEBP", "PNG", "AVIF")
"""Pillow's names of formats whose frames follow each other; of others they are pages, sizes or views."""

GREY_MODES = ("1", "L", "I;16")


class Animation(DecodedInOrder):
    """An animated WebP, PNG or AVIF.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    channels
        1, 3 or 4; None for 1 where frames are stored as grey, and 3 otherwise. WebP stores colour always.
    rate
        See `nn.data.video.timing.repeats`.

    Raises
    ------
    DataError
        When it is damaged, of another format, or has one frame alone.
    """

    def __init__(self, path: Path, name: str, channels: int | None = None, rate: float | None = None) -> None:
        self._path = path
        contents = read_contents(path, FILE_LIMIT)
        with _opened(contents, name) as picture:
            self._skipped = int(bool(picture.info.get("default_image")))
            stored = _frames_of(picture) - self._skipped
            durations = _durations(contents, picture.format, stored, name)
            grey = picture.mode in GREY_MODES and "transparency" not in picture.info
            shape = Shape(picture.height, picture.width, channels or (1 if grey else 3))
        if stored < 2 and (rate is None or not stored or not durations[0]):
            raise DataError(f"{name}: {STILL}")
        super().__init__(name, shape, repeats(durations, UNIT, rate, name))

    def _decode(self) -> Iterator[np.ndarray]:
        with _opened(read_contents(self._path, FILE_LIMIT), self.name) as picture:
            for number in range(self._skipped, self._skipped + len(self._repeats)):
                picture.seek(number)
                yield np.atleast_3d(np.asarray(to_channels(picture, self.shape.channels)))


def _frames_of(picture: Any) -> int:
    return picture.n_frames if picture.format in FORMATS and hasattr(picture, "n_frames") else 1


def _opened(contents: bytes, name: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # what it warns of is an error here
            return open_picture(contents)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    except Exception as error:  # Pillow raises nearly anything on damaged headers
        raise DataError(f"{name}: damaged: {error}") from error


def _durations(contents: bytes, kind: str | None, frames: int, name: str) -> np.ndarray:
    """Return how long frames are shown, in milliseconds; 0 where that is not known."""
    found: list[float] = []
    if kind == "WEBP":
        found = [
            int.from_bytes(body[12:15], "little") for label, body in _riff(contents, name) if label == b"ANMF"
        ]
    elif kind == "PNG":
        found = [_delay(body) for label, body in _png(contents, name) if label == b"fcTL"]
    return np.array(found, np.float64) if len(found) == frames else np.zeros(frames)


def _delay(control: bytes) -> float:
    """Return the time in a frame control chunk of an APNG (W3C, "Portable Network Graphics", 11.3.6.2)."""
    above, below = int.from_bytes(control[20:22]), int.from_bytes(control[22:24])
    return 1000 * above / (below or 100)


def _riff(contents: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the labels and bodies of a WebP's chunks (RFC 9649)."""
    end = 8 + int.from_bytes(contents[4:8], "little")
    if end > len(contents):
        raise DataError(f"{name}: truncated: {len(contents)} of {end} bytes")
    place = 12
    while place + 8 <= end:
        size = int.from_bytes(contents[place + 4 : place + 8], "little")
        yield contents[place : place + 4], contents[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _png(contents: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the labels and bodies of a PNG's chunks."""
    place = len(PNG_SIGNATURE)
    label = b""
    while label != b"IEND":
        size, label = int.from_bytes(contents[place : place + 4]), contents[place + 4 : place + 8]
        if place + 12 + size > len(contents):
            raise DataError(f"{name}: truncated: the file ends at byte {len(contents)}, within a chunk")
        yield label, contents[place + 8 : place + 8 + size]
        place += 12 + size


def is_animated(path: Path) -> bool:
    """Return whether a picture has more than one frame; False for what is no picture of `FORMATS`."""
    try:
        with open_picture(read_contents(path, FILE_LIMIT)) as picture:
            return _frames_of(picture) > 1
    except Exception:  # whoever reads it says why it cannot be read
        return False
