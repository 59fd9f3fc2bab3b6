"""Built-in data: digits rendered from the fonts that come with matplotlib, each drawn differently.

Every digit of every font is drawn once, large, in several stroke widths. An image is one of those under a
random affine map (size, slant, rotation, shift) at four times its size, then reduced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nn.data.colour import check_channels
from nn.data.errors import DataError
from nn.data.image_set import ImageSet
from nn.data.memory import require_memory
from nn.shape import Shape

FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-Oblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralBolIta", "STIXGeneralItalic"),
    *("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10"),
)
"""Fonts with all ten digits in a shape of their own."""

MNIST_SHAPE = Shape(28, 28, 1)
"""The usual shape of digits."""

OVERSAMPLING = 4
GLYPH_HEIGHT = 96
GLYPH_MARGIN = 16
STROKES = (0, 2, 4)
"""Pixels by which a glyph of `GLYPH_HEIGHT` is made bolder on each side."""

HEIGHTS = (0.55, 0.8)
"""Range of a digit's height, as a share of the image's smaller side."""

SLANTS = (-0.2, 0.25)
"""Range of the slant: how far the top moves to the right, per height."""

ROTATION = np.radians(10)
SHIFT = 0.06
"""Largest rotation, and largest shift as a share of the smaller side; both ways."""


@dataclass(frozen=True, eq=False)
class Draws:
    """The random choices for N digits, one array of length N each (`shifts` and `inks` have two axes)."""

    labels: np.ndarray
    fonts: np.ndarray
    strokes: np.ndarray
    heights: np.ndarray
    slants: np.ndarray
    angles: np.ndarray
    shifts: np.ndarray
    inks: np.ndarray

    @classmethod
    def sample(cls, count: int, *, generator: np.random.Generator) -> Draws:
        """Draw the choices for `count` digits."""
        inks = generator.uniform(0.2, 1, (count, 3))
        return cls(
            labels=generator.integers(0, 10, count),
            fonts=generator.integers(0, len(FONTS), count),
            strokes=generator.integers(0, len(STROKES), count),
            heights=generator.uniform(*HEIGHTS, count),
            slants=generator.uniform(*SLANTS, count),
            angles=generator.uniform(-ROTATION, ROTATION, count),
            shifts=generator.uniform(-SHIFT, SHIFT, (count, 2)),
            inks=inks / inks.max(axis=1, keepdims=True),
        )

    def inverse_map(self, index: int, canvas: tuple[int, int], glyph: tuple[int, int]) -> np.ndarray:
        """Return the affine map (2, 3) from canvas to glyph pixels; sizes are (width, height)."""
        scale = self.heights[index] * min(canvas) / GLYPH_HEIGHT
        sine, cosine = np.sin(self.angles[index]), np.cos(self.angles[index])
        turn = np.array([[cosine, -sine], [sine, cosine]])
        shear = np.array([[1.0, -self.slants[index]], [0.0, 1.0]])
        inverse = np.linalg.inv(scale * turn @ shear)
        centre = np.array(canvas) / 2 + self.shifts[index] * min(canvas)
        return np.column_stack([inverse, np.array(glyph) / 2 - inverse @ centre])


def digits(count: int, shape: Shape = MNIST_SHAPE, *, generator: np.random.Generator) -> ImageSet:
    """Render digits with random font, stroke, size, slant, rotation and shift.

    Parameters
    ----------
    count
        How many.
    shape
        With 1 channel the ink is white on black; with 3 it has a random colour; with 4 it has a
        random colour on a transparent ground.
    generator
        Draws everything: the same generator gives the same digits.

    Returns
    -------
    ImageSet
        uint8, with the digits 0 to 9 as labels.

    Raises
    ------
    DataError
        When `count` is less than 1, the channels are not 1, 3 or 4, or memory does not suffice.
    """
    if count < 1:
        raise DataError(f"{count} digits: must be at least 1")
    check_channels(shape.channels)
    require_memory(count * shape.size, f"a set of {count} digits of {shape}")
    draws = Draws.sample(count, generator=generator)
    images = np.empty((count, *shape), np.uint8)
    for index, coverage in enumerate(_coverages(draws, shape)):
        _paint(images[index], coverage, draws.inks[index])
    names = [f"digit-{index}-{label}" for index, label in enumerate(draws.labels)]
    return ImageSet(images, names, labels=draws.labels)


def _coverages(draws: Draws, shape: Shape) -> Iterator[np.ndarray]:
    """Yield how much of every pixel is ink: uint8 (height, width), one digit after another."""
    canvas = (OVERSAMPLING * shape.width, OVERSAMPLING * shape.height)
    for index, (font, digit, stroke) in enumerate(zip(draws.fonts, draws.labels, draws.strokes, strict=True)):
        glyph = _glyph(FONTS[font], int(digit), STROKES[stroke])
        numbers = draws.inverse_map(index, canvas, glyph.size).ravel().tolist()
        drawn = glyph.transform(canvas, Image.Transform.AFFINE, numbers, Image.Resampling.BILINEAR)
        yield np.asarray(drawn.reduce(OVERSAMPLING))


def _paint(image: np.ndarray, coverage: np.ndarray, ink: np.ndarray) -> None:
    channels = image.shape[-1]
    if channels == 1:
        image[..., 0] = coverage
    elif channels == 3:
        image[:] = np.rint(coverage[..., None] * ink)
    else:
        image[..., :3] = np.rint(255 * ink)
        image[..., 3] = coverage


@cache
def _glyph(font: str, digit: int, stroke: int) -> Image.Image:
    """Draw a digit about `GLYPH_HEIGHT` pixels high, white on black, with a margin around its ink."""
    face = _face(font)
    left, top, right, bottom = map(int, face.getbbox(str(digit), stroke_width=stroke))
    size = (right - left + 2 * GLYPH_MARGIN, bottom - top + 2 * GLYPH_MARGIN)
    glyph = Image.new("L", size)
    place = (GLYPH_MARGIN - left, GLYPH_MARGIN - top)
    ImageDraw.Draw(glyph).text(place, str(digit), fill=255, font=face, stroke_width=stroke)
    return glyph


@cache
def _face(font: str) -> ImageFont.FreeTypeFont:
    """Load a font at the size at which its zero is `GLYPH_HEIGHT` pixels high."""
    path = _fonts() / f"{font}.ttf"
    try:
        sample = ImageFont.truetype(path, GLYPH_HEIGHT, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise DataError(f"{path}: this font of matplotlib cannot be loaded: {error}") from error
    box = sample.getbbox("0")
    return sample.font_variant(size=round(GLYPH_HEIGHT * GLYPH_HEIGHT / (box[3] - box[1])))


@cache
def _fonts() -> Path:
    """Find the fonts of matplotlib without importing it, which takes longer than to draw some digits."""
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        raise DataError("digits are drawn with the fonts of matplotlib, which is not installed")
    return Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
