"""Ways between noises."""

from __future__ import annotations

import numpy as np

PARALLEL = 1e-6
"""Sine of an angle below which the way is straight."""


def slerp(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Return noise between two, on the great circle through both: it stays as long as they are.

        slerp(a, b, t) = sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b,  w the angle between a and b

    Parameters
    ----------
    first, second
        (N, ...); each entry is one vector.
    share
        0 is the first, 1 the second.

    References
    ----------
    Shoemake 1985, "Animating rotation with quaternion curves"; for noise White 2016, "Sampling generative
    networks".
    """
    one, other = (each.reshape(len(each), -1).astype(np.float64) for each in (first, second))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosine = np.sum(one * other, axis=1) / np.where(lengths, lengths, 1)
    angle = np.arccos(np.clip(cosine, -1, 1))[:, None]
    sine = np.sin(angle)
    straight = sine < PARALLEL
    safe = np.where(straight, 1, sine)
    of_first = np.where(straight, 1 - share, np.sin((1 - share) * angle) / safe)
    of_second = np.where(straight, share, np.sin(share * angle) / safe)
    return (of_first * one + of_second * other).reshape(first.shape).astype(first.dtype)
