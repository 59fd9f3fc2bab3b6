"""Losses of scores: their targets are signs, -1 or +1, which the outputs need not become equal to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.losses.base import ElementwiseLoss, TargetError
from nn.masks import active_entries, active_mask
from nn.metrics import BinaryAccuracy, FalsePositiveRate, Metric, TruePositiveRate


@dataclass(frozen=True)
class _SignLoss(ElementwiseLoss):
    """A loss whose targets are -1 or +1."""

    def __call__(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        *,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray]:
        """Return the mean over the outputs that count, and the signals; see `Loss.__call__`."""
        value, signals = super().__call__(outputs, targets, entries=entries, mask=mask)
        self._check_signs(targets, active_entries(targets.shape[-1], entries), mask)
        return value, signals

    def _check_signs(self, targets: np.ndarray, entries: int, mask: np.ndarray | None) -> None:
        bad = np.abs(targets[..., :entries]) != 1
        if bad.any() and mask is not None:
            bad &= active_mask(mask, targets.shape, entries) != 0
        if bad.any():
            place = tuple(int(each) for each in np.argwhere(bad)[0])
            where = f"loss {self.name}: the target of entry {place[-1]}"
            raise TargetError(f"{where} is {targets[place]}, expected -1 or +1", place[-1])

    def target_span(self, targets: np.ndarray, features: int) -> tuple[float, float] | None:
        """Return None: outputs are scores, their targets signs."""
        return None


@dataclass(frozen=True)
class Hinge(_SignLoss):
    """l = max(0, 1 - t o), or its square (Rosasco et al. 2004); the slope at the hinge is 0.

    Attributes
    ----------
    squared
        Whether to take the square, which is smooth at the hinge and punishes wrong scores more.

    Raises
    ------
    ValueError
        When `squared` is neither true nor false.
    """

    squared: bool = False
    name = "hinge"

    def __post_init__(self) -> None:
        if not isinstance(self.squared, bool):
            raise ValueError(f"loss {self.name}: squared {self.squared!r} must be true or false")

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l' = -t where l > 0, and -2 t max(0, 1 - t o) of the square."""
        np.multiply(outputs, targets, out=slopes)
        losses = np.subtract(1, slopes)
        np.maximum(losses, 0, out=losses)
        np.multiply(targets, -2 * losses if self.squared else -np.sign(losses), out=slopes)
        return losses * losses if self.squared else losses

    def metrics(self) -> list[Metric]:
        """Return the accuracy of the sign and two points of the ROC curve."""
        return [
            BinaryAccuracy(threshold=0.0, boundary=0.0),
            TruePositiveRate(boundary=0.0),
            FalsePositiveRate(boundary=0.0),
        ]


@dataclass(frozen=True)
class Wasserstein(_SignLoss):
    """l = t o, what a critic minimises (Arjovsky et al. 2017, algorithm 1, line 5, with its sign turned).

    With t = -1 on real and +1 on generated data, as many of each, the loss is half of the mean score of
    generated data minus that of real data. A generator learns with t = -1 on its own data.
    """

    name = "wasserstein"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l' = t."""
        slopes[...] = targets
        return outputs * targets
