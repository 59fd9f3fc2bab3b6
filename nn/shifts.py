"""Images shifted by some pixels: what a picture could as well have been."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def offsets(radius: int) -> list[tuple[int, int]]:
    """Return all shifts by up to `radius` pixels down, or up, and to either side; none at all comes first.

    Raises
    ------
    ValueError
        When the radius is negative.
    """
    if radius < 0:
        raise ValueError(f"shifts of up to {radius} pixels: must be at least 0")
    sides = range(-radius, radius + 1)
    return sorted(((down, right) for down in sides for right in sides), key=lambda each: each != (0, 0))


def shifted(images: np.ndarray, offset: Sequence[int], out: np.ndarray | None = None) -> np.ndarray:
    """Return images (..., height, width, channels), or masks with one channel, shifted within their frame.

    Parameters
    ----------
    images
        Any dtype.
    offset
        Pixels down, and to the right. The outermost row and column are repeated where the frame is left.
    out
        Where to write; a new array otherwise.
    """
    out = np.empty_like(images) if out is None else out
    height, width = images.shape[-3:-1]
    if any(offset):
        rows = np.clip(np.arange(height) - offset[0], 0, height - 1)
        columns = np.clip(np.arange(width) - offset[1], 0, width - 1)
        out[...] = images[..., rows[:, None], columns[None, :], :]
    else:
        out[...] = images
    return out
