"""The shared look in space: width, margins, text, whole-factor enlargement, and saving."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nn.files import replacing
from nn.render.colours import BACKGROUND, INK

WIDTH = 900
MARGIN = 24
TITLE_SIZE = 17
TEXT_SIZE = 13
SMALL_SIZE = 11
HALO = 3
FONT_FAMILY = "DejaVu Sans"
FONT_FILE = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")


@lru_cache(maxsize=32)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the one typeface of all pictures, which comes with matplotlib, at a size in pixels."""
    return ImageFont.truetype(FONT_FILE, max(size, 1), layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1024)
def text_width(text: str, size: int) -> int:
    """Return how many pixels wide a text is, written as one line."""
    return int(np.ceil(font(size).getlength(" ".join(text.split()))))


def fit_text(text: str, size: int, width: int) -> str:
    """Return the text as one line, cut short with an ellipsis where it is wider than `width` pixels."""
    line = " ".join(text.split())
    if text_width(line, size) <= width:
        return line
    while line and text_width(line + "…", size) > width:
        line = line[:-1].rstrip()
    return line + "…"


def blank(width: int, height: int) -> Image.Image:
    """Return an empty picture in the background colour."""
    return Image.new("RGB", (width, height), BACKGROUND)


def write(
    picture: Image.Image,
    place: tuple[float, float],
    text: str,
    *,
    size: int = TEXT_SIZE,
    colour: str = INK,
    anchor: str = "la",
) -> None:
    """Write a line of text with a halo of background, so that it reads over lines as well.

    `anchor` is Pillow's: l, m or r across, then a (top of the letters), m (middle) or s (baseline).
    """
    ImageDraw.Draw(picture).text(
        place, text, colour, font(size), anchor, stroke_width=HALO, stroke_fill=BACKGROUND
    )


def enlarge(pixels: np.ndarray, height_factor: int, width_factor: int) -> np.ndarray:
    """Repeat every pixel of (H, W, ...) a whole number of times down and across."""
    return np.repeat(np.repeat(pixels, height_factor, axis=0), width_factor, axis=1)


def number(value: float) -> str:
    """Write a number to three digits, with a true minus sign."""
    return f"{value:.3g}".replace("-", "−")


def save(image: Image.Image, path: Path | str) -> None:
    """Save a picture as PNG: written beside its place, synced, then renamed, so never half there.

    Raises
    ------
    ValueError
        When the path does not end in .png.
    OSError
        When the file cannot be written; an older picture at that path is then untouched.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"{path}: pictures are saved as PNG, give a name that ends in .png")
    with replacing(path) as file:
        image.save(file, format="PNG")
