"""Animations: clips side by side, as GIF or lossless WebP that hold every frame, also those that are equal.

Pillow and libwebp merge equal frames, and Pillow cuts the times of a GIF to 10 ms. So only single
pictures are encoded by them here, and the files put together: CompuServe, "Graphics Interchange Format 89a";
RFC 9649, "WebP image format".
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from nn.argument_checks import check_positive
from nn.data.video.gif import gif_frames
from nn.files import replacing
from nn.render.colours import check_images
from nn.render.grids import Grid, draw_grid

FASTEST_GIF = 50
"""Frames a second: players show a frame of less than 20 ms for 100."""

LARGEST = {"GIF": 65535, "WebP": 16384}
"""Longest side that each format can have."""

GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def side_by_side(clips: Mapping[str, np.ndarray], *, rows: Sequence[str] = (), title: str = "") -> np.ndarray:
    """Draw clips beside each other, those of one kind below each other: a frame for each step.

    Parameters
    ----------
    clips
        By the name written above them: floating point (n, steps, height, width, channels) in [0, 1], all of
        one shape but for the channels. Numbers outside [0, 1] are drawn as the nearest end.
    rows
        What is written beside the n rows; may be empty.
    title
        Written above; nothing by default.

    Returns
    -------
    frames
        uint8 (steps, height, width, 3).

    Raises
    ------
    TypeError
        When clips are not floating point.
    ValueError
        When there are none, shapes differ or cannot be drawn, or a number is NaN or infinite.
    """
    if not clips:
        raise ValueError("clips: there is nothing to draw")
    arrays = {name: np.asarray(clip) for name, clip in clips.items()}
    shapes = {name: array.shape[:4] for name, array in arrays.items()}
    first, shape = next(iter(shapes.items()))
    for name, array in arrays.items():
        if array.ndim != 5 or shapes[name] != shape:
            raise ValueError(
                f"clips {name} have shape {array.shape}, {first} {arrays[first].shape}: expected (n, steps, "
                "height, width, channels), the same for all"
            )
        check_images(array.reshape(-1, *array.shape[2:]), f"clips {name}", "NHWC")
    count, steps, height, width = shape
    grid = Grid(count, len(clips), height, width, row_labels=rows, column_labels=tuple(clips), title=title)
    return np.stack([_drawn(grid, list(arrays.values()), step) for step in range(steps)])


def _drawn(grid: Grid, arrays: Sequence[np.ndarray], step: int) -> np.ndarray:
    cells = (
        (row, column, array[row, step]) for row in range(grid.rows) for column, array in enumerate(arrays)
    )
    return np.asarray(draw_grid(grid, cells).convert("RGB"))


def write_gif(path: Path | str, frames: np.ndarray, rate: float) -> None:
    """Write frames as a GIF that repeats.

    Grey is exact, and so is a frame of up to 256 colours; others are reduced to that. A time is a multiple of
    10 ms: rounding is spread, so that the whole lasts as long as it should.

    Parameters
    ----------
    path
        The file; its name ends in .gif.
    frames
        uint8 (steps, height, width, channels), of 1 or 3 channels.
    rate
        Frames a second, at most 50.

    Raises
    ------
    ValueError
        When frames cannot be written, or the rate is too high.
    OSError
        When the file cannot be written; an older one is then untouched.
    """
    path, frames = _checked(path, frames, "GIF")
    if check_positive("rate", rate) > FASTEST_GIF:
        raise ValueError(
            f"rate {rate!r}: a GIF has at most {FASTEST_GIF} frames a second, or players slow it down"
        )
    height, width, channels = frames.shape[1:]
    times = _durations(len(frames), 100 / rate)
    with replacing(path) as file:
        file.write(b"GIF89a" + _two(width) + _two(height) + b"\xf7\0\0" + GREY.tobytes())
        file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")
        for frame, time in zip(frames, times, strict=True):
            palette, data = _encoded(frame)
            file.write(b"!\xf9\x04\x04" + _two(time) + b"\0\0")
            file.write(b",\0\0\0\0" + _two(width) + _two(height) + (b"\0" if channels == 1 else b"\x87"))
            file.write(data if channels == 1 else palette.tobytes() + data)
        file.write(b";")


def _encoded(frame: np.ndarray) -> tuple[np.ndarray, bytes]:
    """Return the palette, uint8 (256, 3), and the compressed pixels of a frame of a GIF."""
    if frame.shape[2] == 1:
        picture = Image.fromarray(frame[..., 0]).convert("P")
        picture.putpalette(GREY.tobytes())
    else:
        picture = _in_palette(frame)
    contents = io.BytesIO()
    picture.save(contents, format="GIF", optimize=False, interlace=False)
    _, (image,) = gif_frames(contents.getvalue(), "frame")
    return image.palette, image.data


def _in_palette(frame: np.ndarray) -> Image.Image:
    """Return a frame with a palette of its own colours, where they are few enough."""
    packed = frame.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, places = np.unique(packed, return_inverse=True)
    if len(colours) > 256:
        return Image.fromarray(frame).quantize(256, dither=Image.Dither.NONE)
    picture = Image.fromarray(places.reshape(packed.shape).astype(np.uint8)).convert("P")
    picture.putpalette(colours.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes())
    return picture


def write_webp(path: Path | str, frames: np.ndarray, rate: float) -> None:
    """Write frames as a lossless WebP that repeats: exact, and times are multiples of 1 ms.

    Parameters
    ----------
    path
        The file; its name ends in .webp.
    frames
        uint8 (steps, height, width, channels), of 1 or 3 channels.
    rate
        Frames a second, at most 1000.

    Raises
    ------
    ValueError
        When frames cannot be written, or the rate is too high.
    OSError
        When the file cannot be written; an older one is then untouched.
    """
    path, frames = _checked(path, frames, "WebP")
    if check_positive("rate", rate) > 1000:
        raise ValueError(f"rate {rate!r}: a WebP has at most 1000 frames a second")
    size = _three(frames.shape[2] - 1) + _three(frames.shape[1] - 1)
    times = _durations(len(frames), 1000 / rate)
    with replacing(path) as file:
        file.write(b"RIFF\0\0\0\0WEBP" + _chunk(b"VP8X", b"\x02\0\0\0" + size) + _chunk(b"ANIM", bytes(6)))
        for frame, time in zip(frames, times, strict=True):
            place = bytes(6) + size + _three(time) + b"\x02"  # at the corner, over what was there
            file.write(_chunk(b"ANMF", place + _lossless(frame)))
        length = file.tell() - 8
        file.seek(4)
        file.write(length.to_bytes(4, "little"))


def _lossless(frame: np.ndarray) -> bytes:
    """Return a frame as the chunk of a WebP that holds its pixels."""
    contents = io.BytesIO()
    Image.fromarray(np.broadcast_to(frame, (*frame.shape[:2], 3))).save(
        contents, format="WEBP", lossless=True
    )
    return contents.getvalue()[12:]


def _checked(path: Path | str, frames: np.ndarray, kind: str) -> tuple[Path, np.ndarray]:
    path, frames = Path(path), np.asarray(frames)
    if path.suffix.lower() != f".{kind.lower()}":
        raise ValueError(f"{path}: give a name that ends in .{kind.lower()}")
    check_frames(frames)
    height, width = frames.shape[1:3]
    if max(height, width) > LARGEST[kind]:
        raise ValueError(
            f"frames of {height} x {width} pixels: a {kind} has sides of at most {LARGEST[kind]}"
        )
    return path, frames


def check_frames(frames: np.ndarray) -> None:
    """Raise ValueError unless frames are uint8 (steps, height, width, channels), of 1 or 3 channels."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or not frames.size or frames.shape[3] not in (1, 3):
        raise ValueError(
            f"frames are {frames.dtype} {frames.shape}, expected uint8 (steps, height, width, channels) of 1 "
            "or 3 channels"
        )


def _durations(count: int, length: float) -> list[int]:
    """Return whole times of frames of some length, whose sums are rounded and not they."""
    ends = np.rint(length * np.arange(count + 1)).astype(int)
    return np.diff(ends).tolist()


def _two(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunk(label: bytes, body: bytes) -> bytes:
    return label + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
