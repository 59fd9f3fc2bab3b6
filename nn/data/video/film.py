"""A film: frames of one size that follow each other, read a few at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from nn.data.colour import MODES, to_channels
from nn.data.errors import DataError
from nn.data.fit import Fit, fit_picture
from nn.data.memory import require_memory
from nn.data.video.clip_source import FEWER_CLIPS
from nn.shape import Shape

STILL = "a still image where a clip is expected"


class Film(ABC):
    """Frames of one size.

    Attributes
    ----------
    name
        What messages and lists call it.
    frames
        How many there are.
    shape
        Height, width and channels of each.
    in_order
        Whether a frame cannot be decoded without some before it.
    """

    in_order = False

    def __init__(self, name: str, frames: int, shape: Shape) -> None:
        self.name, self.frames, self.shape = name, frames, shape

    @abstractmethod
    def read(self, first: int, count: int) -> np.ndarray:
        """Return some frames, uint8 (count, height, width, channels).

        Raises
        ------
        DataError
            When they cannot be decoded; names the film and the frame.
        """

    def require_memory(self, count: int) -> None:
        """Refuse to read more frames than memory has room for; see `nn.data.memory`."""
        require_memory(count * self.shape.size, f"{self.name}: {count} frames of {self.shape}", FEWER_CLIPS)


class DecodedInOrder(Film):
    """A film whose frames are decoded one after another from the first.

    Parameters
    ----------
    name, shape
        See `Film`.
    repeats
        How often each stored frame is shown: int64 (stored frames,).
    """

    in_order = True

    def __init__(self, name: str, shape: Shape, repeats: np.ndarray) -> None:
        super().__init__(name, int(repeats.sum()), shape)
        self._repeats = repeats

    @abstractmethod
    def _decode(self) -> Iterator[np.ndarray]:
        """Yield the stored frames, uint8 (height, width, channels), which may be one array that changes."""

    def read(self, first: int, count: int) -> np.ndarray:
        """Return some frames; see `Film.read`."""
        self.require_memory(count)
        frames = np.empty((count, *self.shape), np.uint8)
        filled, end = 0, 0
        for stored, (frame, times) in enumerate(zip(self._decoded(), self._repeats, strict=False)):
            if frame.shape != self.shape:
                raise DataError(f"{self.name}: frame {stored} is {Shape(*frame.shape)}, others {self.shape}")
            end += int(times)
            stop = min(end - first, count)
            if stop > filled:
                frames[filled:stop] = frame
                filled = stop
            if filled == count:
                return frames
        raise DataError(f"{self.name}: frame {first + filled} of {self.frames} cannot be decoded: damaged")

    def _decoded(self) -> Iterator[np.ndarray]:
        try:
            yield from self._decode()
        except DataError:
            raise
        except Exception as error:  # decoders raise nearly anything on damaged data
            raise DataError(f"{self.name}: damaged: {error}") from error


class Fitted(Film):
    """A film with its frames fitted into a shape; see `nn.data.fit`."""

    def __init__(self, film: Film, shape: Shape, fit: Fit) -> None:
        super().__init__(film.name, film.frames, shape)
        self.film, self.fit, self.in_order = film, fit, film.in_order

    def read(self, first: int, count: int) -> np.ndarray:
        """Return some frames; see `Film.read`."""
        self.require_memory(count)
        return np.stack([self._fitted(frame) for frame in self.film.read(first, count)])

    def _fitted(self, frame: np.ndarray) -> np.ndarray:
        if frame.shape == self.shape:
            return frame
        return fit_picture(to_channels(as_picture(frame), self.shape.channels), self.shape, self.fit).pixels


def as_picture(frame: np.ndarray) -> Image.Image:
    """Return a frame, uint8 (height, width, channels), as a picture."""
    return Image.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame, MODES[frame.shape[2]])


def read_contents(path: Path, limit: int) -> bytes:
    """Return the bytes of a file of at most `limit`.

    Raises
    ------
    DataError
        When it is empty, too large, or cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise DataError(f"{path.name}: {size} bytes, more than the limit of {limit}: not read")
        contents = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read: {error.strerror}") from error
    if not contents:
        raise DataError(f"{path.name}: the file is empty")
    return contents
