"""Random crops at a picture's own scale, with held-out crops from a part no training crop touches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from nn.data.errors import DataError
from nn.data.fit import RESAMPLING, Piece, to_pixels, upright
from nn.data.image_set import check_fraction
from nn.data.memory import require_memory
from nn.data.picture import PIXEL_LIMIT
from nn.shape import Shape
from nn.tiling import Box


@dataclass(frozen=True, eq=False)
class RandomCrops:
    """Cuts crops at given places; the last `held_out` of each picture lie in a strip of their own.

    The strip is at the right of a wide picture and at the bottom of a tall one.

    Attributes
    ----------
    shape
        Shape of a crop.
    positions
        Where: float (pictures, crops, 2) in [0, 1), the share of the way from top to bottom and
        from left to right that the crop can move.
    held_out
        How many of a picture's crops are held out: the last ones.
    held_out_fraction
        Share of the picture given to the strip, widened to the crop's own size where it is less.
    """

    shape: Shape
    positions: np.ndarray
    held_out: int = 0
    held_out_fraction: float = 0.0

    @property
    def pieces(self) -> int:
        """How many crops each picture gives, held-out ones included."""
        return self.positions.shape[1]

    @property
    def pads(self) -> bool:
        """Whether pieces have masks; they do not."""
        return False

    def __call__(self, picture: Image.Image, index: int) -> list[Piece]:
        """Cut the picture at place `index` of its source.

        Raises
        ------
        DataError
            When a long thin picture would have to be made too large.
        """
        picture = upright(picture, self.shape.channels)
        size = covering_size(picture.height, picture.width, self.shape, strip=self.held_out > 0)
        if size != (picture.height, picture.width):
            picture = picture.resize((size[1], size[0]), RESAMPLING)
        training, held_out = Box(0, 0, *size), None
        if self.held_out:
            training, held_out = divide(*size, self.shape, self.held_out_fraction)
        first_held_out = self.pieces - self.held_out
        return [
            self._crop(picture, held_out if held_out and number >= first_held_out else training, position)
            for number, position in enumerate(self.positions[index])
        ]

    def _crop(self, picture: Image.Image, region: Box, position: np.ndarray) -> Piece:
        height, width = self.shape.height, self.shape.width
        top = region.top + int(position[0] * (region.height - height + 1))
        left = region.left + int(position[1] * (region.width - width + 1))
        return Piece(to_pixels(picture.crop((left, top, left + width, top + height))))


def draw_crops(
    pictures: int,
    shape: Shape,
    crops_per_picture: int,
    held_out_fraction: float,
    *,
    generator: np.random.Generator,
) -> RandomCrops:
    """Draw the places of `crops_per_picture` training crops, and of held-out ones by their share.

    Raises
    ------
    DataError
        When the number of crops is less than 1, the share not in [0, 1), or the crops would not fit into
        memory.
    """
    if crops_per_picture < 1:
        raise DataError(f"{crops_per_picture} crops per image: must be at least 1")
    check_fraction(held_out_fraction)
    held_out = math.ceil(held_out_fraction * crops_per_picture)
    places = (pictures, crops_per_picture + held_out, 2)
    require_memory(math.prod(places) * 8 + math.prod(places[:2]) * shape.size, f"a set of crops of {shape}")
    return RandomCrops(shape, generator.random(places), held_out, held_out_fraction)


def centre_crop(shape: Shape, pictures: int) -> RandomCrops:
    """Return the cutter that takes one crop, from the centre of every picture."""
    return RandomCrops(shape, np.full((pictures, 1, 2), 0.5))


def covering_size(height: int, width: int, crop: Shape, *, strip: bool) -> tuple[int, int]:
    """Return the height and width a picture must have: its own, or enlarged to hold the crop.

    With `strip` two crops must fit beside each other along the side with more room.

    Raises
    ------
    DataError
        When the picture would exceed `PIXEL_LIMIT`.
    """
    room = sorted((height / crop.height, width / crop.width))
    scale = max(1.0, 1 / room[0], (2 / room[1]) if strip else 0.0)
    larger = math.ceil(height * scale), math.ceil(width * scale)
    if larger[0] * larger[1] > PIXEL_LIMIT:
        raise DataError(f"{width} x {height} pixels is too thin for crops of {crop.width} x {crop.height}")
    return larger


def divide(height: int, width: int, crop: Shape, fraction: float) -> tuple[Box, Box]:
    """Divide a picture into the region of the training crops and the strip of the held-out ones."""
    if height / crop.height > width / crop.width:
        cut = height - _strip(height, crop.height, fraction)
        return Box(0, 0, cut, width), Box(cut, 0, height, width)
    cut = width - _strip(width, crop.width, fraction)
    return Box(0, 0, height, cut), Box(0, cut, height, width)


def _strip(side: int, crop_side: int, fraction: float) -> int:
    return min(max(round(fraction * side), crop_side), side - crop_side)
