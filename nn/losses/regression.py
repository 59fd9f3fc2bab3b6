"""Losses between numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.argument_checks import check_positive
from nn.kernels.losses import squared_error, weighted_squared_error
from nn.losses.base import ElementwiseLoss


@dataclass(frozen=True)
class SquaredError(ElementwiseLoss):
    """l = (o - t)² (Bishop 2006, equation 3.12, without its 1/2)."""

    name = "squared_error"
    _fused = squared_error, weighted_squared_error

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l = d², l' = 2 d with d = o - t."""
        np.subtract(outputs, targets, out=slopes)
        losses = slopes * slopes
        slopes *= 2
        return losses


@dataclass(frozen=True)
class AbsoluteError(ElementwiseLoss):
    """l = |o - t|; the slope at equality is 0."""

    name = "absolute_error"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l = |d|, l' = sign(d) with d = o - t."""
        difference = outputs - targets
        np.sign(difference, out=slopes)
        return np.abs(difference, out=difference)


@dataclass(frozen=True)
class Huber(ElementwiseLoss):
    """Squared error near the target, absolute error far from it (Huber 1964).

    l = d² / 2 where |d| <= delta, and delta (|d| - delta / 2) beyond, with d = o - t.

    Attributes
    ----------
    delta
        Where the parabola ends.

    Raises
    ------
    ValueError
        When delta is not a positive number.
    """

    delta: float = 1.0
    name = "huber"

    def __post_init__(self) -> None:
        check_positive(f"loss {self.name}: delta", self.delta)

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l' = d kept within -delta and delta, and l = l' (d - l' / 2)."""
        losses = outputs - targets
        np.clip(losses, -self.delta, self.delta, out=slopes)
        losses -= slopes / 2
        losses *= slopes
        return losses
