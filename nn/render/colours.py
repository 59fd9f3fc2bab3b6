"""The shared look in colour: a palette, two colour maps, and images turned into RGB.

Values around zero are drawn with ColorBrewer's RdBu (Brewer 2003), red for positive and blue for
negative, which people with any of the common colour vision deficiencies can tell apart. The two
curve colours are from Okabe and Ito (2008) for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np

BACKGROUND = "#ffffff"
INK = "#1f2328"
MUTED = "#59636e"
BORDER = "#c4cbd3"
GRID = "#e6e9ed"
TRAIN = "#0072b2"
HELD_OUT = "#d55e00"
POSITIVE = "#b2182b"
NEGATIVE = "#2166ac"

CHECKER_SIDE = 6
CHECKER_SHADES = (0.98, 0.84)
_DIVERGING = matplotlib.colormaps["RdBu_r"]


def diverging(values: np.ndarray, limit: float) -> np.ndarray:
    """Colour values around zero: blue at -limit and below, near white at 0, red at limit and above.

    Parameters
    ----------
    values
        Any shape, finite.
    limit
        Positive; where the colours end.

    Returns
    -------
    ndarray
        uint8, the shape of `values` with a last axis of 3.
    """
    return _DIVERGING(np.clip(0.5 + np.asarray(values, np.float64) / (2 * limit), 0, 1), bytes=True)[..., :3]


def sequential(values: np.ndarray, primary: int | None = None) -> np.ndarray:
    """Colour values in [0, 1]: black to white, or black to one of the primaries 0, 1, 2 = R, G, B.

    Returns
    -------
    ndarray
        uint8, the shape of `values` with a last axis of 3.
    """
    shades = to_bytes(values)
    if primary is None:
        return np.repeat(shades[..., None], 3, axis=-1)
    colours = np.zeros((*shades.shape, 3), np.uint8)
    colours[..., primary] = shades
    return colours


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Turn [0, 1] into 0 to 255, rounded; what lies outside is drawn as the nearest end."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def image_to_rgb(image: np.ndarray) -> np.ndarray:
    """Turn one image (H, W, C) in [0, 1] into uint8 (H, W, 3); RGBA is laid over a checkerboard."""
    channels = image.shape[-1]
    if channels == 1:
        return sequential(image[..., 0])
    if channels == 3:
        return to_bytes(image)
    opacity = np.clip(image[..., 3:], 0, 1)
    board = _checkerboard(*image.shape[:2])[..., None]
    return to_bytes(np.clip(image[..., :3], 0, 1) * opacity + board * (1 - opacity))


def _checkerboard(height: int, width: int) -> np.ndarray:
    rows = np.arange(height)[:, None] // CHECKER_SIDE
    columns = np.arange(width) // CHECKER_SIDE
    return np.asarray(CHECKER_SHADES)[(rows + columns) % 2]


def check_images(images: np.ndarray, what: str, axes: Sequence[str]) -> None:
    """Refuse an array that is not a set of images.

    Parameters
    ----------
    images
        The array.
    what
        What messages call it.
    axes
        Names of the axes expected, such as "NHWC".

    Raises
    ------
    TypeError
        When the numbers are not floating point.
    ValueError
        When axes are missing or empty, the channels are not 1, 3 or 4, or a value is NaN or infinite.
    """
    expected = f"({', '.join(axes)})"
    if images.ndim != len(axes):
        raise ValueError(f"{what} have shape {images.shape}, expected {expected}")
    if not np.issubdtype(images.dtype, np.floating):
        raise TypeError(f"{what} are {images.dtype}, expected floating point numbers in [0, 1]")
    if not images.size:
        raise ValueError(f"{what} have shape {images.shape}: there is nothing to draw")
    if images.shape[-1] not in (1, 3, 4):
        raise ValueError(f"{what} have {images.shape[-1]} channels; 1 (grey), 3 (RGB) or 4 (RGBA) are drawn")
    check_finite(images, what, expected)


def check_finite(values: np.ndarray, what: str, axes: str) -> None:
    """Refuse NaN and infinity.

    Raises
    ------
    ValueError
        Naming the first place, in the order of `axes`.
    """
    finite = np.isfinite(values)
    if not finite.all():
        place = tuple(int(each) for each in np.argwhere(~finite)[0])
        raise ValueError(f"{what} hold {values[place]} at {axes} = {place}: only finite numbers can be drawn")
