"""Series of unequal lengths: as entries of one shape that say where they end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Masks = tuple[np.ndarray, np.ndarray]
"""Which steps there are in real and in synthetic series: bool (n, steps) and (m, steps)."""


class Filling(NamedTuple):
    """What stands at steps that are not there: the mean of each variable, and how much presence weighs."""

    means: np.ndarray
    scale: float

    def show(self, values: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return series (n, steps, variables) with a variable more, which says whether a step is there.

        Beyond the end stand the means, so that only presence tells a short series from a long one, and not
        how far from zero it lies. Presence is 0 or the mean deviation of the variables.
        """
        there = mask[..., None]
        return np.concatenate([np.where(there, values, self.means), there * self.scale], axis=2)


def filling_of(values: np.ndarray, mask: np.ndarray) -> Filling:
    """Return what real series (n, steps, variables) are filled with."""
    steps = values[mask].astype(np.float64)
    return Filling(steps.mean(axis=0), float(steps.std(axis=0).mean()) or 1.0)


def length_distance(real: np.ndarray, synthetic: np.ndarray, masks: Masks | None = None) -> float:
    """Return the 1-Wasserstein distance of lengths, in steps; 0 without masks.

    W = sum over steps t of |P(length > t) - Q(length > t)|
    """
    if masks is None:
        return 0.0
    lasting = [mask.mean(axis=0) for mask in masks]
    return float(np.sum(np.abs(lasting[0] - lasting[1])))
