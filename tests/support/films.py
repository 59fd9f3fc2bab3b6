"""Frames to write and read back, and files made of them byte by byte or by the libraries themselves."""

import io
from pathlib import Path

import numpy as np
from PIL import Image


def moving_square(steps=12, height=20, width=30, channels=1, seed=0):
    """A square of noise that moves over a ramp: uint8 (steps, height, width, channels)."""
    generator = np.random.default_rng(seed)
    frames = np.empty((steps, height, width, channels), np.uint8)
    frames[:] = (4 * np.arange(height)[:, None, None] + np.arange(width)[:, None]) % 256
    square = generator.integers(0, 256, (6, 6, channels), np.uint8)
    for step in range(steps):
        top, left = step % (height - 6), (2 * step + seed) % (width - 6)
        frames[step, top : top + 6, left : left + 6] = square
    return frames


def pictures(frames):
    return [Image.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame) for frame in frames]


def by_pillow(path: Path, frames, **options):
    """Write frames as Pillow does by itself."""
    first, *others = pictures(frames)
    first.save(path, save_all=True, append_images=others, **options)


def write_frames(folder: Path, frames, name="{}.png"):
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures(frames)):
        picture.save(folder / name.format(number))


def gif(size, images, *, palette=None, trailer=b";"):
    """Return a GIF of images (left, top, places, options): places uint8 (height, width) in the palette."""
    width, height = size[1].to_bytes(2, "little"), size[0].to_bytes(2, "little")
    contents = b"GIF89a" + width + height + (b"\xf7" if palette is not None else b"\x70") + b"\0\0"
    contents += b"" if palette is None else palette.tobytes()
    for left, top, places, options in images:
        flags = options.get("disposal", 0) << 2 | ("transparent" in options)
        delay = options.get("delay", 10).to_bytes(2, "little")
        contents += b"!\xf9\x04" + bytes([flags]) + delay + bytes([options.get("transparent", 0), 0])
        contents += image_block(left, top, places, options.get("palette"), options.get("interlaced", False))
    return contents + trailer


def image_block(left, top, places, palette, interlaced):
    single = io.BytesIO()
    picture = Image.fromarray(places).convert("P")
    picture.putpalette(bytes(range(256)) * 3)
    picture.save(single, "GIF", optimize=False, interlace=interlaced)
    contents = single.getvalue()
    start = contents.index(b",", 13 + 768)
    assert contents[start + 9] & 0x40 == 0x40 * interlaced
    numbers = b"".join(each.to_bytes(2, "little") for each in (left, top, *places.shape[::-1]))
    flags = 0x40 * interlaced | (0x87 if palette is not None else 0)
    table = b"" if palette is None else palette.tobytes()
    return b"," + numbers + bytes([flags]) + table + contents[start + 10 : -1]
