"""How often a stored frame is shown: writers merge frames that are equal, and only the time tells how many.

Pillow and libwebp write equal frames of a GIF, an APNG or a WebP once, shown for as long as all of them, and
cameras leave frames out. Clips are frames at one distance in time, so such a frame is repeated.
"""

from __future__ import annotations

import logging

import numpy as np

from nn.argument_checks import check_positive
from nn.data.errors import DataError

SLACK = 1e-6

MOST_REPEATS = 100_000
"""Most times that a frame is repeated: more are a damaged time."""

logger = logging.getLogger(__name__)


def repeats(durations: np.ndarray, unit: float, rate: float | None, name: str) -> np.ndarray:
    """Return how many frames each stored frame stands for.

    Parameters
    ----------
    durations
        How long each is shown, in milliseconds: float64 (n,); 0 where that is not known.
    unit
        What times are rounded to in the file, in milliseconds. Durations that differ by no more are equal:
        60 frames a second are shown for 10 or 20 ms each in a GIF, which has a unit of 10.
    rate
        Frames a second; None to find it out: the frames that are shown for the shortest time are taken
        for single ones, if the times of all others are multiples of theirs. If they are not, every frame is
        taken once, with a warning.
    name
        What messages call the film.

    Returns
    -------
    counts
        int64 (n,), at least 1.

    Raises
    ------
    DataError
        When times are not known but a rate is given, or a frame is shown for less than half of one.
    """
    once = np.ones(len(durations), np.int64)
    if rate is not None:
        return _at_rate(durations, check_positive("rate", rate), name)
    shortest = durations.min()
    if shortest <= 0 or durations.max() - shortest <= unit + SLACK:
        return once
    period = durations[durations <= shortest + unit + SLACK].mean()
    counts = _checked(np.rint(durations / period), name)
    if np.abs(durations - counts * period).max() > unit + SLACK:
        logger.warning(
            "%s: frames are shown for %g to %g ms, no multiples of each other: each is taken once; give a "
            "rate to repeat them by their time",
            *(name, shortest, durations.max()),
        )
        return once
    logger.info("%s: %d stored frames stand for %d, by their times", name, len(counts), counts.sum())
    return counts


def _at_rate(durations: np.ndarray, rate: float, name: str) -> np.ndarray:
    if durations.min() <= 0:
        raise DataError(f"{name}: it does not say how long frames are shown: leave the rate out")
    ends = np.rint(np.cumsum(durations) * (rate / 1000))
    counts = np.diff(ends, prepend=0.0)
    if counts.min() < 1:
        frame = int(counts.argmin())
        raise DataError(
            f"{name}: frame {frame} is shown for {durations[frame]:g} ms, less than one at {rate:g} frames a "
            f"second: give a rate of at least {1000 / durations.min():.4g}, or none"
        )
    return _checked(counts, name)


def _checked(counts: np.ndarray, name: str) -> np.ndarray:
    if counts.max() > MOST_REPEATS:
        raise DataError(
            f"{name}: frame {counts.argmax()} is shown as long as {counts.max():.0f} frames: damaged, or "
            "another rate"
        )
    return np.maximum(counts, 1).astype(np.int64)
