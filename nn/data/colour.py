"""Any colour mode to 1 (luminance), 3 (RGB) or 4 (RGBA) channels of 8 bits."""

from __future__ import annotations

import numpy as np
from PIL import Image

from nn.data.errors import DataError
from nn.data.levels import in_eight_bits

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name of each number of channels."""

MULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
"""Modes whose colours are multiplied by their alpha, and what they are without."""

PAPER = (255, 255, 255, 255)
"""What shows through where an image is transparent and the result is not: white, as on a page."""


def check_channels(channels: int) -> None:
    """Raise DataError unless images can have that many channels."""
    if channels not in MODES:
        raise DataError(f"{channels} channels: images can have 1 (luminance), 3 (RGB) or 4 (RGBA)")


def to_channels(picture: Image.Image, channels: int) -> Image.Image:
    """Convert a picture of any mode.

    Luminance is Pillow's, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). Transparency is kept with 4
    channels and laid over white otherwise. Colour profiles are not applied; of 16 bits a channel in
    colour the upper 8 count.

    Raises
    ------
    DataError
        When the pixels are numbers without a clear range (see `nn.data.levels`).
    """
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = _from_numbers(picture)
    if picture.mode in MULTIPLIED:
        picture = picture.convert(MULTIPLIED[picture.mode])
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if channels != 4:
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, PAPER), picture)
    if picture.mode == "LAB":
        picture = _from_lab(picture)
    if picture.mode not in MODES.values():
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    return picture.convert(MODES[channels])


def _from_numbers(picture: Image.Image) -> Image.Image:
    """Return a picture of 8 bits, with alpha where one of its numbers is transparent."""
    levels, transparent = in_eight_bits(picture), picture.info.get("transparency")
    if not isinstance(transparent, int):
        return Image.fromarray(levels)
    alpha = np.where(np.asarray(picture) == transparent, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([levels, alpha]))


def _from_lab(picture: Image.Image) -> Image.Image:
    """Return a picture of CIELAB, seen in the light that it is defined for, as sRGB."""
    from PIL import ImageCms  # noqa: PLC0415 - rarely needed, and not in every Pillow

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, rgb, outputMode="RGB")
    assert converted is not None
    return converted
