"""Slopes by differences, which step over no kink."""

from collections.abc import Callable, Iterable

import numpy as np

STEPS = 1e-5, 1e-6, 1e-7
"""What is tried, widest first: a wide step has the least rounding."""

APART = 1e-3
"""How far the slopes ahead and behind may differ, relative to their sum: as curvature it would be a second
derivative of 100 times the slope."""


def slopes(value: Callable[[], float], array: np.ndarray, places: Iterable[int]) -> np.ndarray:
    """Return d value / d some numbers of an array by central differences.

    The step is narrowed where the slopes ahead and behind differ, as they do when a rectifier changes sides
    in between.
    """
    there = value()
    return np.array([_slope(value, array, place, there) for place in places])


def _slope(value: Callable[[], float], array: np.ndarray, place: int, there: float) -> float:
    before = array.flat[place]
    for step in STEPS:
        array.flat[place] = before + step
        ahead = (value() - there) / step
        array.flat[place] = before - step
        behind = (there - value()) / step
        array.flat[place] = before
        if abs(ahead - behind) <= APART * (abs(ahead) + abs(behind)):
            break
    return (ahead + behind) / 2
