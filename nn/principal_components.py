"""Principal components: the directions in which entries differ most from their mean.

No linear code of the same size keeps more of the entries that they were fitted on
(Pearson 1901; Baldi and Hornik 1989 for linear autoencoders).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from nn.argument_checks import check_generator

EXACT_SIDE = 1024
"""Entries, or numbers in each, up to which components are exact: a matrix of their products is decomposed."""

POWER_ITERATIONS = 4
OVERSAMPLING = 44
BLOCK = 512

NEGLIGIBLE = 1e-10
"""Share of the largest variance below which a direction is only rounding."""


class PrincipalComponents(NamedTuple):
    """Directions of largest variance.

    Attributes
    ----------
    mean
        Of the entries, float64 (numbers,).
    directions
        Columns of unit length at right angles, the largest variance first: float64 (numbers, count).
    variances
        Of the entries along each, float64 (count,).
    """

    mean: np.ndarray
    directions: np.ndarray
    variances: np.ndarray

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.variances)

    def kept(self, rows: np.ndarray) -> np.ndarray:
        """Return rows (N, numbers) projected onto the components, in the rows' dtype."""
        mean, directions = self.mean.astype(rows.dtype), self.directions.astype(rows.dtype)
        return (rows - mean) @ directions @ directions.T + mean


def principal_components(
    rows: np.ndarray, count: int, *, generator: np.random.Generator
) -> PrincipalComponents:
    """Return the first principal components of entries.

    Exact where there are up to `EXACT_SIDE` entries, or numbers in each, or nearly all directions are wanted:
    the matrix of their products is decomposed. Otherwise by subspace iteration from random directions (Halko,
    Martinsson and Tropp 2011, algorithm 4.4), of which the variance that is kept is exact to some millionths.

    Parameters
    ----------
    rows
        float32 or float64 (N, numbers), N at least 1.
    count
        How many at most; fewer where the entries do not differ in so many directions.
    generator
        Draws the random directions.

    Raises
    ------
    ValueError
        When there are no entries, the count is below 1, or the generator is none.
    """
    check_generator(generator)
    if rows.ndim != 2 or not rows.size or count < 1:
        raise ValueError(f"{count} components of rows {rows.shape}: at least 1 of (N, numbers) are possible")
    mean = rows.mean(axis=0, dtype=np.float64)
    centred = rows - mean.astype(rows.dtype)
    with threadpool_limits(1, "blas"):  # whose last bits depend on the number of threads
        if min(rows.shape) > max(EXACT_SIDE, count + OVERSAMPLING):
            directions, variances = _by_iteration(centred, count, generator)
        elif rows.shape[1] <= len(rows):
            directions, variances = _by_covariance(centred)
        else:
            directions, variances = _by_products(centred)
    there = int(np.sum(variances[:count] > NEGLIGIBLE * max(variances[0], np.finfo(rows.dtype).tiny)))
    return PrincipalComponents(mean, _facing(directions[:, :there]), variances[:there] / len(rows))


def _by_covariance(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Decompose the matrix of the products of numbers, (numbers, numbers)."""
    return _descending(_summed(len(centred), lambda part: (each := centred[part].astype(float)).T @ each))


def _by_products(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Decompose the matrix of the products of entries, (N, N)."""

    def products(part: slice) -> np.ndarray:
        each = centred[:, part].astype(float)
        return each @ each.T

    vectors, variances = _descending(_summed(centred.shape[1], products))
    there = variances > NEGLIGIBLE * variances[0]
    directions, triangle = np.linalg.qr(centred.T.astype(float) @ vectors[:, there])
    return directions * np.sign(np.diag(triangle)), np.where(there, variances, 0)


def _by_iteration(
    centred: np.ndarray, count: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    rank = min(count + OVERSAMPLING, *centred.shape)
    basis = generator.standard_normal((centred.shape[1], rank))

    def applied(part: slice) -> np.ndarray:
        return (centred[part].T @ (centred[part] @ basis.astype(centred.dtype))).astype(float)

    for _ in range(POWER_ITERATIONS):
        basis, _ = np.linalg.qr(_summed(len(centred), applied))
    vectors, variances = _descending(basis.T @ _summed(len(centred), applied))
    return basis @ vectors, variances


def _summed(size: int, part: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Return the sum of a function of parts of `size` rows or columns."""
    total = part(slice(0, BLOCK))
    for start in range(BLOCK, size, BLOCK):
        total += part(slice(start, start + BLOCK))
    return total


def _descending(symmetric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvectors of a symmetric matrix as columns, and their eigenvalues, the largest first."""
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    return vectors[:, ::-1], values[::-1]


def _facing(directions: np.ndarray) -> np.ndarray:
    """Make the largest number of every direction positive: the sign is arbitrary otherwise."""
    if not directions.size:
        return directions
    largest = np.abs(directions).argmax(axis=0)
    return directions * np.sign(directions[largest, np.arange(directions.shape[1])])
