"""Settings that must lie in a range: one check and one sentence for each kind of range.

`what` names the setting in the message, with its owner where that is not plain: `loss huber: delta`.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any


def is_positive(value: Any) -> bool:
    """Return whether a value is a finite number above 0; true is none."""
    return _is_number(value) and value > 0


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


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _checked(what: str, value: float, fits: bool, expected: str) -> float:
    if not fits:
        raise ValueError(f"{what} {value!r} must be {expected}")
    return float(value)
