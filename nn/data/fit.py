"""Fitting a picture of any size into a shape: by crop, pad or stretch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
from PIL import ExifTags, Image, ImageOps

from nn.data.colour import MODES, to_channels
from nn.data.errors import DataError
from nn.shape import Shape

Fit = Literal["crop", "pad", "stretch", "random-crop"]
"""crop: scale to cover, cut the centre; pad: scale to fit inside, centred on black (transparent with
4 channels); stretch: each side on its own; random-crop: windows at the picture's own scale."""

FITS: tuple[Fit, ...] = get_args(Fit)
"""All the ways there are."""

TURNS: dict[Any, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by the orientation in its EXIF (version 2.32, tag 274)."""

LYING = (5, 6, 7, 8)
"""Orientations of pictures whose rows are columns when they are upright."""

RESAMPLING = Image.Resampling.LANCZOS


class Piece(NamedTuple):
    """Pixels uint8 (height, width, channels), and a mask bool (height, width) or None if all count."""

    pixels: np.ndarray
    mask: np.ndarray | None = None


class Cutter(Protocol):
    """Turns one picture into one or several pieces of the same shape."""

    @property
    def shape(self) -> Shape:
        """Shape of every piece."""

    @property
    def pieces(self) -> int:
        """How many pieces each picture gives."""

    @property
    def pads(self) -> bool:
        """Whether pieces have masks."""

    def __call__(self, picture: Image.Image, index: int) -> list[Piece]:
        """Cut the picture at place `index` of its source."""


@dataclass(frozen=True)
class WholePicture:
    """One piece of each picture."""

    shape: Shape
    fit: Fit

    @property
    def pieces(self) -> int:
        """One."""
        return 1

    @property
    def pads(self) -> bool:
        """Whether pieces have masks."""
        return self.fit == "pad"

    def __call__(self, picture: Image.Image, index: int) -> list[Piece]:
        """Fit the picture; `index` does not matter."""
        side = needed_side(self.shape)
        picture.draft(None, (side, side))
        return [fit_picture(upright(picture, self.shape.channels), self.shape, self.fit)]


def needed_side(shape: Shape) -> int:
    """Return the pixels that a side of a picture needs at least: twice those of the piece, for the filter."""
    return 2 * max(shape.height, shape.width)


def decoded_scale(picture: Image.Image, shape: Shape) -> int:
    """Return by how much the sides of a picture are divided when a whole one is decoded for a shape.

    A JPEG decodes at a half, quarter or eighth of its size, for much less time and memory.
    """
    if picture.format not in ("JPEG", "MPO"):
        return 1
    most = min(picture.size) // needed_side(shape)
    return next((scale for scale in (8, 4, 2) if most >= scale), 1)


def check_fit(fit: str) -> None:
    """Raise DataError unless `fit` is one of FITS."""
    if fit not in FITS:
        raise DataError(f"unknown fit {fit!r}: choose one of {', '.join(FITS)}")


def upright(picture: Image.Image, channels: int) -> Image.Image:
    """Decode a picture, convert its colours, and turn it as its EXIF orientation says."""
    picture.load()
    turn = TURNS.get(_orientation(picture))
    converted = to_channels(picture, channels)
    return converted if turn is None else converted.transpose(turn)


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return the height and width that a picture has when it is upright, from its header."""
    width, height = picture.size
    return (width, height) if _orientation(picture) in LYING else (height, width)


def _orientation(picture: Image.Image) -> Any:
    """Return the orientation of a picture; 1, upright, where its EXIF cannot be read."""
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # its reader raises nearly anything on what is damaged, and the pixels are whole
        return 1


def to_pixels(picture: Image.Image) -> np.ndarray:
    """Return a picture of mode L, RGB or RGBA as uint8 (height, width, channels)."""
    return np.atleast_3d(np.asarray(picture))


def fit_picture(picture: Image.Image, shape: Shape, fit: Fit) -> Piece:
    """Fit a picture of the right mode into `shape`; pixels stay as they are where the size agrees.

    Sizes are changed with Pillow's Lanczos filter, which widens when it reduces and so
    does not alias.
    """
    size = (shape.width, shape.height)
    if fit == "pad":
        return _pad(picture, shape)
    if fit == "stretch":
        return Piece(to_pixels(picture.resize(size, RESAMPLING)))
    return Piece(to_pixels(ImageOps.fit(picture, size, RESAMPLING)))


def _pad(picture: Image.Image, shape: Shape) -> Piece:
    scale = min(shape.width / picture.width, shape.height / picture.height)
    width = max(1, round(scale * picture.width))
    height = max(1, round(scale * picture.height))
    left, top = (shape.width - width) // 2, (shape.height - height) // 2
    canvas = Image.new(MODES[shape.channels], (shape.width, shape.height))
    canvas.paste(picture.resize((width, height), RESAMPLING), (left, top))
    mask = np.zeros((shape.height, shape.width), np.bool_)
    mask[top : top + height, left : left + width] = True
    return Piece(to_pixels(canvas), mask)
