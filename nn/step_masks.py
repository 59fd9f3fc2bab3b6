"""Steps of sequences and videos that are there, and those that only fill an entry up to the longest.

Sequences are (steps, features, N), videos (steps, height, width, channels, N); a mask of their steps is
bool (steps, N), False where an entry has no such step. What lies there is never used.
"""

from __future__ import annotations

import numpy as np


def has_steps(values: np.ndarray, step_mask: np.ndarray) -> bool:
    """Return whether values (..., N) are of a sequence or a video with the steps and N of the mask."""
    return np.ndim(values) in (3, 5) and (values.shape[0], values.shape[-1]) == step_mask.shape


def expand_mask(step_mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mask with as many axes as the values, to which it broadcasts."""
    return step_mask.reshape(len(step_mask), *(1,) * (values.ndim - 2), -1)


def zero_masked_steps(values: np.ndarray, step_mask: np.ndarray | None) -> np.ndarray:
    """Return values (..., N) with zeros at steps that are not there; themselves where they have none."""
    if step_mask is None or not has_steps(values, step_mask):
        return values
    return np.where(expand_mask(step_mask, values), values, values.dtype.type(0))
