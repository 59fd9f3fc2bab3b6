"""Animated GIF, read block by block (CompuServe, "Graphics Interchange Format 89a", 1990).

Pillow decodes the pixels of every frame, which are places in its palette; palettes and what
earlier frames leave behind are seen to here. Pillow itself returns places in the palette instead of levels
for later frames of a grey GIF whose first frame has the palette 0 to 255 (Pillow 13.0.0).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from nn.data.colour import to_channels
from nn.data.errors import DataError
from nn.data.picture import FILE_LIMIT, PIXEL_LIMIT
from nn.data.video.film import STILL, DecodedInOrder, as_picture, read_contents
from nn.data.video.timing import repeats
from nn.shape import Shape

SIGNATURES = (b"GIF87a", b"GIF89a")
UNIT = 10.0
"""Milliseconds that times are multiples of."""

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
GRAPHIC_CONTROL = 0xF9
PAPER = 255
"""What is seen where nothing was drawn: white, as where an image is transparent (`nn.data.colour`)."""

TO_BACKGROUND, TO_PREVIOUS = 2, 3
"""Ways to dispose of a frame before the next; all others leave it."""


class GifFrame(NamedTuple):
    """One image of a GIF: its place on the canvas, how it is drawn, and its compressed pixels."""

    left: int
    top: int
    width: int
    height: int
    duration: float
    disposal: int
    transparent: int | None
    palette: np.ndarray
    interlaced: bool
    data: bytes


class _Control(NamedTuple):
    """A graphic control extension: what holds for the next image."""

    duration: float = 0.0
    disposal: int = 0
    transparent: int | None = None


class _Bytes:
    """Contents that are read in order, and end with an error."""

    def __init__(self, contents: bytes, name: str) -> None:
        self.contents, self.name, self.place = contents, name, 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        found = self.contents[self.place : self.place + count]
        if len(found) < count:
            raise DataError(
                f"{self.name}: truncated: the file ends within a frame, at byte {len(self.contents)}"
            )
        self.place += count
        return found

    def sub_blocks(self) -> bytes:
        """Return the next sub-blocks with the lengths before them and the zero at their end."""
        start = self.place
        while length := self.take(1)[0]:
            self.take(length)
        return self.contents[start : self.place]

    def palette(self, flags: int) -> np.ndarray:
        """Return the next palette, whose size is in `flags`: uint8 (256, 3)."""
        table = np.zeros((256, 3), np.uint8)
        colours = 2 << (flags & 7)
        table[:colours] = np.frombuffer(self.take(3 * colours), np.uint8).reshape(colours, 3)
        return table


def gif_frames(contents: bytes, name: str) -> tuple[tuple[int, int], list[GifFrame]]:
    """Return the size (height, width) of a GIF's canvas, and its frames, not decoded.

    Raises
    ------
    DataError
        When the file is damaged, or its canvas too large.
    """
    reader = _Bytes(contents, name)
    if reader.take(6) not in SIGNATURES:
        raise DataError(f"{name}: no GIF: it begins with {contents[:6]!r}")
    width, height, flags = _number(reader), _number(reader), reader.take(3)[0]
    if not width * height or width * height > PIXEL_LIMIT:
        raise DataError(f"{name}: {width} x {height} pixels: expected 1 to {PIXEL_LIMIT}")
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    shared = reader.palette(flags) if flags & 0x80 else grey
    frames: list[GifFrame] = []
    control = _Control()
    while (kind := reader.take(1)[0]) != TRAILER:
        if kind == EXTENSION:
            label, body = reader.take(1)[0], reader.sub_blocks()
            if label == GRAPHIC_CONTROL and len(body) >= 5:
                control = _read_control(body)
        elif kind == IMAGE:
            frame = _read_image(reader, control, shared)
            if frame.left + frame.width > width or frame.top + frame.height > height:
                raise DataError(
                    f"{name}: frame {len(frames)} lies beyond the canvas of {width} x {height}: damaged"
                )
            frames.append(frame)
            control = _Control()
        else:
            raise DataError(
                f"{name}: damaged: block {kind:#04x} at byte {reader.place - 1}, which GIF does not have"
            )
    return (height, width), frames


def _number(reader: _Bytes) -> int:
    return int.from_bytes(reader.take(2), "little")


def _read_control(body: bytes) -> _Control:
    flags, delay, transparent = body[1], int.from_bytes(body[2:4], "little"), body[4]
    return _Control(UNIT * delay, flags >> 2 & 7, transparent if flags & 1 else None)


def _read_image(reader: _Bytes, control: _Control, shared: np.ndarray) -> GifFrame:
    left, top, width, height = (_number(reader) for _ in range(4))
    flags = reader.take(1)[0]
    palette = reader.palette(flags) if flags & 0x80 else shared
    data = reader.take(1) + reader.sub_blocks()
    return GifFrame(left, top, width, height, *control, palette, bool(flags & 0x40), data)


def decode_image(frame: GifFrame) -> np.ndarray:
    """Return the pixels of an image as places in its palette: uint8 (height, width).

    Pillow reads them from a GIF of this image alone that has no palette.

    Raises
    ------
    Exception
        Nearly any, where they are damaged.
    """
    size = frame.width.to_bytes(2, "little") + frame.height.to_bytes(2, "little")
    header = SIGNATURES[0] + size + bytes(3)
    image = bytes([IMAGE, 0, 0, 0, 0]) + size + bytes([0x40 * frame.interlaced]) + frame.data
    with Image.open(io.BytesIO(header + image + bytes([TRAILER])), formats=("GIF",)) as picture:
        return np.asarray(picture)


class Gif(DecodedInOrder):
    """An animated GIF.

    Frames are grey, of one channel, where all palettes are, and of three otherwise; where nothing was
    drawn they are white.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    channels
        1, 3 or 4; None as it is stored.
    rate
        See `nn.data.video.timing.repeats`.

    Raises
    ------
    DataError
        When it is damaged, or has one frame alone.
    """

    def __init__(self, path: Path, name: str, channels: int | None = None, rate: float | None = None) -> None:
        self._path = path
        size, images = gif_frames(read_contents(path, FILE_LIMIT), name)
        if not images:
            raise DataError(f"{name}: a GIF without any frame")
        durations = np.array([image.duration for image in images])
        if len(images) == 1 and (rate is None or not durations[0]):
            raise DataError(f"{name}: {STILL}{_merged(durations[0])}")
        is_grey = all((image.palette == image.palette[:, :1]).all() for image in images)
        shape = Shape(*size, channels or (1 if is_grey else 3))
        super().__init__(name, shape, repeats(durations, UNIT, rate, name))

    def _decode(self) -> Iterator[np.ndarray]:
        (height, width), images = gif_frames(read_contents(self._path, FILE_LIMIT), self.name)
        canvas = np.full((height, width, 3), PAPER, np.uint8)
        for image in images:
            before = canvas.copy() if image.disposal == TO_PREVIOUS else None
            drawn = canvas[image.top : image.top + image.height, image.left : image.left + image.width]
            places = decode_image(image)
            colours = image.palette[places]
            if image.transparent is None:
                drawn[:] = colours
            else:
                np.copyto(drawn, colours, where=(places != image.transparent)[..., None])
            yield self._in_channels(canvas)
            if image.disposal == TO_BACKGROUND:
                drawn[:] = PAPER
            elif before is not None:
                canvas = before

    def _in_channels(self, canvas: np.ndarray) -> np.ndarray:
        if self.shape.channels == 3:
            return canvas
        return np.atleast_3d(np.asarray(to_channels(as_picture(canvas), self.shape.channels)))


def _merged(duration: float) -> str:
    """Say what may have become of frames that are equal."""
    if not duration:
        return ""
    return f"; or equal frames, written once and shown for {duration:g} ms: give the rate to repeat it"
