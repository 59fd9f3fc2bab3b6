"""Levels: which numbers of a picture mean black and white.

Integers of more than 8 bits are 0 to 65535, unless their file says otherwise. Floating point is 0 to 1; what
lies beyond by less than half of one of 255 levels is rounding, and clipped. Files of floating point may also
range from 0 to 255, if all those of a folder do: the largest number of each is kept, and `check_together`
refuses a mix of both ranges, and any other range.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from nn.data.errors import DataError

ROUNDING = 0.5 / 255
"""How far floating point may lie beyond 0 to 1, as a share: the level of 8 bits stays the same."""

DARKEST = 64
"""Files whose largest number is at most this are not taken for 0 to 255."""

# No text in a file can have these names in Pillow's `info`: they cannot hold this character.
_LEVELS, _HIGHEST = "\0levels", "\0highest"

logger = logging.getLogger(__name__)


class Levels(NamedTuple):
    """The numbers that mean black and white; white is the lower one where a file holds ink."""

    black: float
    white: float


def set_levels(picture: Image.Image, levels: Levels) -> None:
    """Attach to a picture the levels that its file states."""
    picture.info[_LEVELS] = levels


def in_eight_bits(picture: Image.Image) -> np.ndarray:
    """Return the brightness of a picture of mode F or I, decoded, as uint8 (height, width).

    Raises
    ------
    DataError
        As `to_eight_bits`.
    """
    pixels = np.asarray(picture)
    if pixels.dtype.kind != "f":
        return to_eight_bits(pixels, picture.info.get(_LEVELS))
    highest = float(pixels.max())
    picture.info[_HIGHEST] = highest
    top = 255.0 if highest > 1 + ROUNDING else 1.0
    ink = _LEVELS in picture.info
    return to_eight_bits(pixels, Levels(top, 0) if ink else Levels(0, top))


def highest_of(picture: Image.Image) -> float | None:
    """Return the largest floating-point number of a picture that was read; None for other kinds."""
    highest: float | None = picture.info.get(_HIGHEST)
    return highest


def to_eight_bits(pixels: np.ndarray, levels: Levels | None = None) -> np.ndarray:
    """Return the same brightness in 8 bits, rounded: uint8, the shape of `pixels`.

    Parameters
    ----------
    pixels
        uint8, which stays as it is, other integers or floating point.
    levels
        What means black and white: 0 and 65535, or 0 and 1 of floating point, where none are given.

    Raises
    ------
    DataError
        When a value lies outside or is not a number.
    """
    if pixels.dtype == np.uint8:
        return pixels
    is_float = pixels.dtype.kind == "f"
    black, white = levels or Levels(0, 1.0 if is_float else 65535.0)
    low, high = sorted((black, white))
    slack = ROUNDING * (high - low) if is_float else 0
    lowest, highest = float(pixels.min()), float(pixels.max())
    if not (lowest >= low - slack and highest <= high + slack):
        expected = "0 to 1, or to 255 in all files" if is_float else f"{low:g} to {high:g}"
        raise DataError(f"pixels of {pixels.dtype} from {lowest:g} to {highest:g}: expected {expected}")
    shares = np.subtract(np.clip(pixels, low, high), black, dtype=np.float64) * (255 / (white - black))
    return np.rint(shares).astype(np.uint8)


def check_together(origin: Any, highest: Mapping[str, float]) -> None:
    """Refuse files of floating point whose numbers do not all have one range.

    Parameters
    ----------
    origin
        Where they come from, for the message.
    highest
        The largest number of each, by name.

    Raises
    ------
    DataError
        When some range to 1 and others to 255, or to neither; names the files.
    """
    beyond = {name: number for name, number in highest.items() if number > 1 + ROUNDING}
    within = {name: number for name, number in highest.items() if 0 < number <= 1 + ROUNDING}
    if not beyond:
        return
    name = max(beyond, key=lambda each: beyond[each])
    said = f"{origin}: floating point goes to {beyond[name]:g} in {name}"
    if within:
        other = max(within, key=lambda each: within[each])
        raise DataError(
            f"{said} and to {within[other]:g} in {other}: save all files of a folder from 0 to 1, or all of "
            "them from 0 to 255"
        )
    if beyond[name] < DARKEST:
        raise DataError(f"{said}: expected 0 to 1, or 0 to 255 in all files of a folder")
    logger.warning("%s, so it is read as 0 to 255", said)
