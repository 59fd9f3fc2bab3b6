"""Any colour mode to 1 (luminance), 3 (RGB) or 4 (RGBA) channels of 8 bits."""

from __future__ import annotations

import numpy as np
from PIL import Image

from nn.data.errors import DataError

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name of each number of channels."""

PAPER = (255, 255, 255, 255)
"""What shows through where an image is transparent and the result is not: white, as on a page."""


def check_channels(channels: int) -> None:
    """Raise DataError unless images can have that many channels."""
    if channels not in MODES:
        raise DataError(f"{channels} channels: images can have 1 (luminance), 3 (RGB) or 4 (RGBA)")


def to_channels(picture: Image.Image, channels: int) -> Image.Image:
    """Convert a picture of any mode.

    Luminance is Pillow's, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). Transparency is kept with 4
    channels and laid over white otherwise. Colour profiles are not applied.

    Raises
    ------
    DataError
        When the pixels are numbers without a clear range (see `to_eight_bits`).
    """
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = Image.fromarray(to_eight_bits(np.asarray(picture)))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if channels != 4:
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, PAPER), picture)
    if picture.mode not in MODES.values():
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    return picture.convert(MODES[channels])


def to_eight_bits(pixels: np.ndarray) -> np.ndarray:
    """Return the same brightness in 8 bits, rounded: uint8, the shape of `pixels`.

    uint8 stays; other integers are read as 16 bits (0 to 65535), floating point as 0 to 1 or,
    where a value is above 1, as 0 to 255.

    Raises
    ------
    DataError
        When a value lies outside those ranges or is not a number.
    """
    if pixels.dtype == np.uint8:
        return pixels
    lowest, highest = float(pixels.min()), float(pixels.max())
    if pixels.dtype.kind == "f":
        full = 255.0 if highest > 1 else 1.0
        expected = "0 to 1 or 0 to 255"
    else:
        full = 65535.0
        expected = "0 to 65535"
    if not (lowest >= 0 and highest <= full):
        raise DataError(f"pixels of {pixels.dtype} from {lowest:g} to {highest:g}: expected {expected}")
    return np.rint(pixels * (255.0 / full)).astype(np.uint8)
