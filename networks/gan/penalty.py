"""Penalties on the discriminator's input gradients g, the norm over all numbers of an entry:

    gradient   weight * mean of (|g| - 1)²      at random places between a real and a generated entry
    r1, r2     weight / 2 * mean of |g|²        at real entries, at generated ones

(Gulrajani et al. 2017, "Improved training of Wasserstein GANs", algorithm 1; Mescheder, Geiger and Nowozin
2018, "Which training methods for GANs do actually converge?", equation 9; Roth et al. 2017 for both sides.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nn.sums import total

SMALLEST_NORM = 1e-12


class Penalty(NamedTuple):
    """A penalty, and its derivative with respect to the input gradients, shaped like these."""

    loss: float
    gradient_signals: np.ndarray


def unit_norm(gradients: np.ndarray, weight: float) -> Penalty:
    """Return weight * mean of (|g| - 1)² of gradients (..., N)."""
    norms = np.sqrt(_squares(gradients))
    loss = weight * float(np.mean((norms - 1) ** 2, dtype=np.float64))
    slopes = 2 * weight * (norms - 1) / (np.maximum(norms, SMALLEST_NORM) * norms.size)
    return Penalty(loss, (slopes * gradients).astype(gradients.dtype))


def small_norm(gradients: np.ndarray, weight: float, entries: int) -> Penalty:
    """Return weight / 2 * the sum of |g|² over `entries`, of gradients (..., N)."""
    loss = weight / 2 * float(np.sum(_squares(gradients), dtype=np.float64)) / entries
    return Penalty(loss, gradients * gradients.dtype.type(weight / entries))


def _squares(gradients: np.ndarray) -> np.ndarray:
    """Return |g|² of every entry, (N,)."""
    return total(gradients.reshape(-1, gradients.shape[-1]) ** 2, axis=0)
