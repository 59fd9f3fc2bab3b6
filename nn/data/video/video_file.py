"""Video files, decoded by FFmpeg through PyAV, which the extra `video` installs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nn.data.errors import DataError
from nn.data.picture import PIXEL_LIMIT
from nn.data.video.film import STILL, Film
from nn.data.video.timing import repeats
from nn.shape import Shape

FORMATS = {1: "gray", 3: "rgb24", 4: "rgba"}
"""FFmpeg's name of each number of channels."""

VIDEO_SUFFIXES = frozenset(
    (
        *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"),
        *(".mxf", ".ogv", ".ts", ".webm", ".wmv", ".y4m"),
    )
)

MISSING = "video files need PyAV: pip install 'ganglion[video]'"

DURATION = re.compile(r"(\d+):(\d+):(\d+(?:\.\d*)?)")
"""How Matroska's tag of that name writes a time."""

SOUGHT_IN = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
"""FFmpeg's names of formats with an index of their frames; in others seeking lands anywhere."""

SHORT = 2.0
"""A file that says it lasts this many frames longer than it does is truncated."""


class Times(NamedTuple):
    """When the frames of a video begin, and for how long they are shown.

    Attributes
    ----------
    starts
        In the units of the stream, sorted: int64 (n,).
    durations
        In milliseconds: float64 (n,); 0 where they are not known.
    unit
        What durations are rounded to, in milliseconds.
    keys
        Where decoding can begin: when such a frame begins, and when it is decoded, int64 (2, keys), sorted;
        none where files of this format are not sought in.
    """

    starts: np.ndarray
    durations: np.ndarray
    unit: float
    keys: np.ndarray


class VideoFile(Film):
    """A video file of any format that FFmpeg decodes.

    Frames are found by their times, which are read without decoding: counts and rates that headers state are
    not relied on (a GIF of 60 frames a second has a rate of 100, and Matroska does not count its frames).
    Frames are upright, as players turn them. Transport streams (.ts) do not say how long they are: what is
    there of a truncated one is read.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    channels
        1, 3 or 4; None for 1 where it is stored as grey, and 3 otherwise.
    rate
        See `nn.data.video.timing.repeats`.

    Raises
    ------
    DataError
        When PyAV is not installed, the file is damaged or truncated, or it has one frame alone.
    """

    in_order = True

    def __init__(self, path: Path, name: str, channels: int | None = None, rate: float | None = None) -> None:
        self._path, self.name = path, name
        with opened(path, name) as (container, stream):
            context = stream.codec_context
            pixels = context.width * context.height
            if not 0 < pixels <= PIXEL_LIMIT:
                raise DataError(
                    f"{name}: {context.width} x {context.height} pixels: expected 1 to {PIXEL_LIMIT} in all"
                )
            self._size = (context.height, context.width)
            grey = (context.pix_fmt or "").startswith(("gray", "mono"))
            times = _times(container, stream, name)
        if times is None:
            count = _count(path, name)
            times = Times(np.arange(count), np.zeros(count), 1.0, np.zeros((2, 0), np.int64))
        if len(times.starts) < 2 and rate is None:
            raise DataError(f"{name}: {STILL}")
        self._turns = self._quarter_turns()
        size = self._size if self._turns % 2 == 0 else self._size[::-1]
        shape = Shape(*size, channels or (1 if grey else 3))
        self._starts, self._keys = times.starts, times.keys
        self._ends = np.cumsum(repeats(times.durations, times.unit, rate, name))
        super().__init__(name, int(self._ends[-1]), shape)

    def read(self, first: int, count: int) -> np.ndarray:
        """Return some frames; see `Film.read`."""
        self.require_memory(count)
        stored = np.searchsorted(self._ends, np.arange(first, first + count), side="right")
        frames = np.empty((count, *self.shape), np.uint8)
        for place, frame in self._decoded(int(stored[0]), int(stored[-1])):
            height, width = self._size
            if (frame.height, frame.width) != self._size:
                raise DataError(
                    f"{self.name}: frame {place} has {frame.height} x {frame.width} pixels, others {height} "
                    f"x {width}"
                )
            pixels = np.atleast_3d(frame.to_ndarray(format=FORMATS[self.shape.channels]))
            frames[stored == place] = np.rot90(pixels, self._turns)
        return frames

    def _quarter_turns(self) -> int:
        """Return how many quarter turns to the left set frames upright, as the first says."""
        first = next(self._all(), None)
        if first is None:
            raise DataError(f"{self.name}: frame 0 cannot be decoded: damaged or truncated")
        return round(first.rotation / 90) % 4

    def _decoded(self, first: int, last: int) -> Iterator[tuple[int, Any]]:
        """Yield stored frames and their places, from the first to the last of them.

        They are looked for from the nearest frame where decoding can begin; should one not come, all are
        counted from the beginning of the file.
        """
        expected = first
        for frames in (self._sought(first), enumerate(self._all())):
            for place, frame in frames:
                if place < expected:
                    continue
                if place > expected or frame.is_corrupt:
                    break
                yield place, frame
                expected += 1
                if expected > last:
                    return
        raise DataError(f"{self.name}: frame {expected} cannot be decoded: damaged or truncated")

    def _sought(self, first: int) -> Iterator[tuple[int, Any]]:
        """Yield places and frames from somewhere before the first; nothing where that is the beginning."""
        begins, decoded = self._keys
        key = int(np.searchsorted(begins, self._starts[first], side="right")) - 1
        if key < 1:
            return
        with opened(self._path, self.name) as (container, stream):
            container.seek(int(decoded[key]), stream=stream, backward=True)
            for frame in _frames(container, stream, self.name):
                place = int(np.searchsorted(self._starts, frame.pts))
                if place == len(self._starts) or self._starts[place] != frame.pts:
                    return
                yield place, frame

    def _all(self) -> Iterator[Any]:
        with opened(self._path, self.name) as (container, stream):
            yield from _frames(container, stream, self.name)


@contextmanager
def opened(path: Path, name: str) -> Iterator[tuple[Any, Any]]:
    """Open a file and the first video in it.

    Raises
    ------
    DataError
        When PyAV is not installed, it cannot be read, or there is no video in it.
    """
    av = require_av(name)
    try:
        container = av.open(str(path))
    except Exception as error:  # FFmpeg has an error for every kind of damage
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{name}: {why}: no video, damaged or truncated") from error
    with container:
        if not container.streams.video:
            raise DataError(f"{name}: there is no video in it, or it is truncated")
        if container.streams.video[0].codec_context is None:
            raise DataError(f"{name}: a video of a kind that this FFmpeg does not decode, or damaged")
        yield container, container.streams.video[0]


def require_av(name: str) -> Any:
    """Return PyAV.

    Raises
    ------
    DataError
        When it is not installed.
    """
    try:
        import av  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise DataError(f"{name}: {MISSING}") from error
    return av


def _times(container: Any, stream: Any, name: str) -> Times | None:
    """Return when frames begin, from packets, which are not decoded; None where some do not say it.

    Raises
    ------
    DataError
        When there are no frames, or fewer than the file says.
    """
    packets = [
        packet for packet in _packets(container, stream, name) if packet.size and not packet.is_discard
    ]
    if not packets:
        raise DataError(f"{name}: no frames at all: damaged or truncated")
    if stream.frames > len(packets) or any(packet.is_corrupt for packet in packets):
        raise DataError(f"{name}: truncated: {len(packets)} frames are there of {stream.frames or 'more'}")
    known = {packet.pts: packet.duration for packet in packets if packet.pts is not None}
    if len(known) < len(packets):
        return None
    starts = np.array(sorted(known), np.int64)
    unit = 1000 * float(stream.time_base)
    lengths = np.diff(starts)
    last = known[starts[-1]] or (lengths[-1] if len(lengths) else 0)
    durations = unit * np.append(lengths, last)
    missing = _stated_end(container, stream) - durations.sum()
    if missing > SHORT * durations.max():
        raise DataError(f"{name}: truncated: its last {missing:.0f} ms are not there")
    keys = np.zeros((2, 0), np.int64)
    if container.format.name in SOUGHT_IN:
        found = sorted(
            (packet.pts, packet.pts if packet.dts is None else packet.dts)
            for packet in packets
            if packet.is_keyframe
        )
        keys = np.array(found, np.int64).reshape(-1, 2).T
    return Times(starts, durations, max(unit, 1.0), keys)


def _stated_end(container: Any, stream: Any) -> float:
    """Return how long a video lasts by its header, in milliseconds; 0 where that is not known."""
    if stream.duration is not None:
        return 1000 * float(stream.duration * stream.time_base)
    if (text := DURATION.fullmatch(stream.metadata.get("DURATION", ""))) is not None:
        hours, minutes, seconds = map(float, text.groups())
        return 1000 * (3600 * hours + 60 * minutes + seconds)
    return 0.0


def _packets(container: Any, stream: Any, name: str) -> Iterator[Any]:
    try:
        yield from container.demux(stream)
    except Exception as error:  # as in `opened`
        raise DataError(f"{name}: damaged: {error}") from error


def _frames(container: Any, stream: Any, name: str) -> Iterator[Any]:
    try:
        yield from container.decode(stream)
    except Exception as error:  # as in `opened`
        raise DataError(f"{name}: damaged or truncated: a frame cannot be decoded: {error}") from error


def _count(path: Path, name: str) -> int:
    """Count frames by decoding all."""
    with opened(path, name) as (container, stream):
        return sum(1 for _ in _frames(container, stream, name))
