"""Entries as all measures take them: float64, finite, at least two of them, most as vectors (n, d)."""

from __future__ import annotations

import numpy as np

from nn.finite import check_finite

TOGETHER = 1 << 22
"""Distances that are computed together."""


def checked(entries: np.ndarray, what: str, *, least: int = 2) -> np.ndarray:
    """Return entries (n, ...) as float64 in their shape.

    Raises
    ------
    ValueError
        Naming `what`, when there are fewer than `least`, none of their numbers, or some are not finite.
    """
    entries = np.asarray(entries)
    if entries.ndim == 0 or len(entries) < least or not entries[0].size:
        raise ValueError(f"{what}: shape {entries.shape}: at least {least} entries (n, ...) are needed")
    check_finite(entries, what, np.float64)
    return entries.astype(np.float64)


def as_vectors(entries: np.ndarray, what: str, *, least: int = 2) -> np.ndarray:
    """Return entries (n, ...) as float64 (n, d); see `checked`."""
    return checked(entries, what, least=least).reshape(len(entries), -1)


def checked_pair(real: np.ndarray, synthetic: np.ndarray, *, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float64 in their shape; refuse entries of different shapes."""
    check_same_shape(real, synthetic)
    return checked(real, "real", least=least), checked(synthetic, "synthetic", least=least)


def as_pair(real: np.ndarray, synthetic: np.ndarray, *, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return both as vectors (n, d) and (m, d); refuse entries of different shapes."""
    one, other = checked_pair(real, synthetic, least=least)
    return one.reshape(len(one), -1), other.reshape(len(other), -1)


def check_same_shape(real: np.ndarray, synthetic: np.ndarray) -> None:
    """Raise a ValueError when entries have different shapes."""
    if np.shape(real)[1:] != np.shape(synthetic)[1:]:
        raise ValueError(
            f"real entries have shape {np.shape(real)[1:]}, synthetic ones {np.shape(synthetic)[1:]}: "
            "bring both to the same shape"
        )


def squared_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return |a - b|^2 of all pairs, (n, m), from vectors (n, d) and (m, d); never below 0."""
    centre = other.mean(axis=0)  # close to 0, where the difference of squares is exact
    one, other = one - centre, other - centre
    products = one @ other.T
    squares = np.sum(one**2, axis=1)[:, None] + np.sum(other**2, axis=1)[None] - 2 * products
    return np.maximum(squares, 0)


def nearest_distances(one: np.ndarray, other: np.ndarray, *, rank: int = 1, same: bool = False) -> np.ndarray:
    """Return the distance of each of `one` (n, d) to its `rank`-th nearest of `other` (m, d), float64 (n,).

    With `same`, both are the same entries, and none is its own neighbour.
    """
    together = max(1, TOGETHER // len(other))
    found = np.empty(len(one))
    for start in range(0, len(one), together):
        squares = squared_distances(one[start : start + together], other)
        if same:
            rows = np.arange(len(squares))
            squares[rows, start + rows] = np.inf
        found[start : start + together] = np.partition(squares, rank - 1, axis=1)[:, rank - 1]
    return np.sqrt(found)
