"""Opening one picture without trusting it: from memory, within limits, and as its format defines it.

Pillow maps files that it is given by their path, and cuts the rows of uncompressed TIFF that lies on its
side in the wrong places then (Pillow 13.0.0); from memory it reads them right, and a file that is cut short
while it is read does no harm.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, PLANAR_CONFIGURATION

from nn.data.errors import DataError
from nn.data.levels import Levels, set_levels
from nn.data.unread import kind_of_contents

PIXEL_LIMIT = 64 * 1024 * 1024
"""Largest image that is decoded, in pixels; its header is checked first."""

FILE_LIMIT = 8 * PIXEL_LIMIT
"""Bytes of the largest file: that many pixels of four channels with 16 bits, not compressed."""

# EPS, WMF and the like are programs rather than pixels: Pillow would start an interpreter for them.
FORMATS = (
    *("AVIF", "BMP", "DDS", "DIB", "GIF", "ICNS", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG"),
    *("PPM", "PSD", "QOI", "SGI", "TGA", "TIFF", "WEBP", "XBM", "XPM"),
)

GREY_STEPS = {"L": 1, "L;2": 85, "L;4": 17}
"""Distance of neighbouring levels that Pillow makes of PNG's grey, by what it calls the stored bits."""

WHITE_IS_ZERO = 0
"""TIFF's photometric interpretation of ink rather than light."""

IN_PLANES = 2
"""TIFF's planar configuration of channels one after the other."""


def open_picture(contents: bytes, limit: int = PIXEL_LIMIT) -> Image.Image:
    """Open an image and read its header only: pixels are decoded when they are first used.

    Of an animation this is the first frame. The caller closes it.

    Raises
    ------
    DataError
        When it is empty, of no known format, has too many pixels, or would be read wrongly.
    """
    if not contents:
        raise DataError("the file is empty")
    try:
        picture = Image.open(io.BytesIO(contents), formats=known_formats())
    except UnidentifiedImageError as error:
        kind = kind_of_contents(contents)
        said = "" if kind is None else f": it holds {kind}"
        raise DataError(f"not an image of a known format{said}") from error
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or limit)
        raise DataError(f"more than {min(most, limit):,} pixels: not decoded") from error
    if picture.width * picture.height > limit:
        picture.close()
        raise DataError(
            f"{picture.width} x {picture.height} pixels, more than the limit of {limit}: not decoded"
        )
    _note_what_is_stored(picture, contents)
    return picture


@cache
def known_formats() -> tuple[str, ...]:
    """Return Pillow's names of the formats that are read, as far as it was built with them."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@cache
def image_suffixes() -> frozenset[str]:
    """Return the suffixes of files in those formats, in lower case with their dot."""
    formats = {*known_formats(), "MPO"}  # which Pillow opens as JPEG
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in formats)


def _note_what_is_stored(picture: Any, contents: bytes) -> None:
    """Attach to a picture what its file says of its numbers, which Pillow drops once they are decoded."""
    if picture.format == "PNG" and "transparency" in picture.info:
        _settle_transparency(picture, contents)
    if picture.format == "TIFF":
        _note_levels_of_tiff(picture)


def _note_levels_of_tiff(picture: Any) -> None:
    samples = picture.tag_v2.get(BITSPERSAMPLE, (1,))
    if len(samples) > 1 and max(samples) > 8 and picture.tag_v2.get(PLANAR_CONFIGURATION) == IN_PLANES:
        picture.close()
        raise DataError(
            f"{max(samples)} bits a channel, in planes, which Pillow takes for 8: save it with the channels "
            "of a pixel together"
        )
    if picture.mode in ("I;16", "I;16B", "F"):
        bits = samples[0]
        full = 1.0 if picture.mode == "F" else 2.0**bits - 1
        if picture.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO:
            set_levels(picture, Levels(black=full, white=0))
        elif bits < 16:
            set_levels(picture, Levels(black=0, white=full))


def _settle_transparency(picture: Any, contents: bytes) -> None:
    """Give the transparent level or colour of a PNG in the levels that pixels have when they are decoded.

    Only as many bits of it count as a sample has (W3C, "Portable Network Graphics", 11.3.2.1).
    """
    stored, transparent = picture.tile[0].args, picture.info["transparency"]
    if stored in GREY_STEPS and isinstance(transparent, int):
        step = GREY_STEPS[stored]
        picture.info["transparency"] = step * (transparent & 255 // step)
    elif stored == "RGB":
        picture.info["transparency"] = tuple(sample & 255 for sample in transparent)
    elif stored == "RGB;16B":
        picture.putalpha(Image.fromarray(_opaque(picture, contents, transparent)))
        del picture.info["transparency"]


def _opaque(picture: Any, contents: bytes, transparent: tuple[int, int, int]) -> np.ndarray:
    """Return the alpha of a PNG of 16 bits a channel, of which Pillow decodes the upper half."""
    other: Any = Image.open(io.BytesIO(contents), formats=("PNG",))
    with other:
        other.tile = [tile._replace(args="RGB;16L") for tile in other.tile]
        lower, upper = np.asarray(other, np.uint16), np.asarray(picture, np.uint16)
    same = (256 * upper + lower == np.array(transparent)).all(axis=2)
    alpha: np.ndarray = np.where(same, 0, 255).astype(np.uint8)
    return alpha
