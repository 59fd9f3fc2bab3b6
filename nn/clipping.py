"""Clipping: gradients that are too large are made smaller before the step. Frozen arrays are left out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.argument_checks import check_positive
from nn.configurable import Configurable, from_configuration
from nn.kernels.core.sums import SMALLEST_SUM, sum_of_squares
from nn.kernels.optimizers import penalties as kernels
from nn.optimizer import PARALLEL_FROM
from nn.parameters import Parameters


class Clipping(Configurable, ABC):
    """Makes gradients smaller.

    NaN is never hidden: a gradient that is NaN stays so, and the number returned is NaN.

    Parameters
    ----------
    limit
        What is too large; above 0.

    Raises
    ------
    ValueError
        When the limit is not a finite number above 0.
    """

    def __init__(self, limit: float) -> None:
        self.limit = check_positive("limit", limit)

    @abstractmethod
    def __call__(self, parameters: Parameters) -> float:
        """Clip the gradients in place; return the number that was compared with the limit."""


class ClipByValue(Clipping):
    """Every gradient is moved into -limit to limit (Mikolov 2012; as PyTorch's clip_grad_value_)."""

    name = "clip_by_value"

    def __call__(self, parameters: Parameters) -> float:
        """Clip the gradients in place; return the size of the largest before.

        NumPy makes these passes at the speed of memory; the third is made only when there is something to
        clip.
        """
        parts = _trainable_gradients(parameters)
        sizes = [abs(float(edge)) for part in parts for edge in (part.min(), part.max())]
        largest = float(np.max(sizes, initial=0.0))
        if not largest <= self.limit:
            for part in parts:
                np.clip(part, -self.limit, self.limit, out=part)
        return largest


class ClipByGlobalNorm(Clipping):
    """All gradients are shortened together when their norm is too large.

        gradients *= limit / norm where norm > limit        (Pascanu et al. 2013, algorithm 1)

    So the direction of the step stays as it is.
    """

    name = "clip_by_global_norm"

    def __call__(self, parameters: Parameters) -> float:
        """Clip the gradients in place; return the norm before."""
        parts = _trainable_gradients(parameters)
        norm = global_norm(parts)
        if norm > self.limit:
            for part in parts:
                run = kernels.scale_parallel if part.size >= PARALLEL_FROM else kernels.scale
                run(part, part.dtype.type(self.limit / norm))
        return norm


def global_norm(parts: list[np.ndarray]) -> float:
    """Return the root of the sum of all squares, also where the squares overflow or underflow the dtype.

    Parameters
    ----------
    parts
        Contiguous arrays (size,), float32 or float64.

    Returns
    -------
    float
        NaN or infinite when one of the numbers is.
    """
    squares = sum(map(_squares, parts))
    if math.isfinite(squares) and squares > SMALLEST_SUM:
        return math.sqrt(squares)
    largest = float(np.max([np.abs(part).max() for part in parts], initial=0.0))
    if not (math.isfinite(largest) and largest):
        return largest
    return largest * math.sqrt(sum(_squares(part.astype(np.float64) / largest) for part in parts))


def _squares(values: np.ndarray) -> float:
    """Return the sum of the squares: the same bits for any number of threads."""
    if values.size < PARALLEL_FROM:
        return float(sum_of_squares(values))
    sums = np.empty(-(-values.size // kernels.CHUNK))
    kernels.sum_of_squares_parallel(values, sums)
    return math.fsum(sums) if np.isfinite(sums).all() else float(sums.sum())


def _trainable_gradients(parameters: Parameters) -> list[np.ndarray]:
    return [parameters.gradients[part] for part in parameters.trainable_slices()]


CLIPPINGS: dict[str, type[Clipping]] = {kind.name: kind for kind in (ClipByValue, ClipByGlobalNorm)}


def clipping_from_configuration(configuration: Mapping[str, Any]) -> Clipping:
    """Return the clipping that `to_configuration` described.

    Raises
    ------
    ValueError
        When the name is unknown, or a field unknown, missing, of the wrong kind or out of range; the
        message names it.
    """
    return from_configuration(CLIPPINGS, configuration, "clipping")
