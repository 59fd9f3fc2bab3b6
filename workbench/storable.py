"""Numbers that networks can hold."""

from __future__ import annotations

import numpy as np

LARGEST_NUMBER = float(np.finfo(np.float32).max)
"""Of what networks compute in."""


def storable(number: float) -> float:
    """Return a number, or raise a ValueError when networks cannot hold it."""
    if not abs(number) <= LARGEST_NUMBER:
        raise ValueError("it should be a number that fits float32")
    return number
