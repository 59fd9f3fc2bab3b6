"""Whether a number is the best so far. NaN never is, and any finite number is better than NaN."""

from __future__ import annotations

import math


def is_lower(value: float | None, best: float | None, margin: float = 0.0) -> bool:
    """Return whether a number is below the best so far by more than a margin.

    Parameters
    ----------
    value
        None and NaN are not numbers, and infinity is no progress: they are never better.
    best
        None or NaN where there is none yet: every other number below infinity is better then.
    margin
        At least 0.
    """
    if value is None or not value < math.inf:  # NaN is not
        return False
    return best is None or math.isnan(best) or value < best - margin


def is_higher(value: float | None, best: float | None, margin: float = 0.0) -> bool:
    """Return whether a number is above the best so far by more than a margin; see `is_lower`."""
    return is_lower(None if value is None else -value, None if best is None else -best, margin)
