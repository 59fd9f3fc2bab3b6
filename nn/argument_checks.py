"""Settings that must lie in a range: one check and one sentence for each kind of range.

`what` names the setting in the message, with its owner where that is not plain: `loss huber: delta`.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np


def is_positive(value: Any) -> bool:
    """Return whether a value is a finite number above 0; a bool is not a number."""
    return _is_number(value) and value > 0


def check_number(what: str, value: float) -> float:
    """Return a setting, or raise a ValueError when it is not a finite number."""
    return _checked(what, value, _is_number(value), "a finite number")


def check_positive(what: str, value: float) -> float:
    """Return a setting, or raise a ValueError when it is not a finite number above 0."""
    return _checked(what, value, is_positive(value), "a finite number above 0")


def check_not_negative(what: str, value: float) -> float:
    """Return a setting, or raise a ValueError when it is not a finite number of at least 0."""
    return _checked(what, value, _is_number(value) and value >= 0, "a finite number of at least 0")


def check_below_one(what: str, value: float) -> float:
    """Return a setting, or raise a ValueError when it is outside [0, 1)."""
    return _checked(what, value, _is_number(value) and 0 <= value < 1, "at least 0 and below 1")


def check_share(what: str, value: float) -> float:
    """Return a setting, or raise a ValueError when it is outside [0, 1]."""
    return _checked(what, value, _is_number(value) and 0 <= value <= 1, "in [0, 1]")


def check_factor(what: str, value: float) -> float:
    """Return a setting, or raise a ValueError when it is outside (0, 1]."""
    return _checked(what, value, _is_number(value) and 0 < value <= 1, "above 0 and at most 1")


def check_count(what: str, value: int, least: int = 1) -> int:
    """Return a setting, or raise a ValueError when it is not a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{what} {value!r} must be a whole number of at least {least}")
    return int(value)


def check_generator(generator: np.random.Generator) -> np.random.Generator:
    """Return a source of draws, or raise a ValueError when it is something else, such as a seed."""
    if not isinstance(generator, np.random.Generator):
        raise ValueError(f"generator {generator!r} draws nothing: give numpy.random.default_rng(seed)")
    return generator


def _is_number(value: Any) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def _checked(what: str, value: float, fits: bool, expected: str) -> float:
    if not fits:
        raise ValueError(f"{what} {value!r} must be {expected}")
    return float(value)
