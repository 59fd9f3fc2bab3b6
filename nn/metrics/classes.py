"""Metrics of classes: how many answers are right."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from nn.argument_checks import check_number
from nn.masks import active_entries, active_mask, position_shape
from nn.metrics.base import Metric, elementwise


class _Share(Metric):
    """The share of right answers; NaN is never right."""

    higher_is_better = True

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self._right = self._all = 0.0

    def add(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> None:
        """Add a batch; see `Metric.add`."""
        right, counts = self._judge(outputs, targets, entries, mask)
        self._right += float((right * counts).sum(dtype=np.float64))
        self._all += float(counts.sum(dtype=np.float64))

    def value(self) -> float:
        """Return the share; NaN when nothing was counted."""
        return self._right / self._all if self._all else np.nan

    @abstractmethod
    def _judge(
        self, outputs: np.ndarray, targets: np.ndarray, entries: int | None, mask: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return which answers are right, bool, and their weights, of one shape."""


class Accuracy(_Share):
    """The share of positions whose most probable class (the first of equal ones) is the target's.

    Outputs are logits or probabilities (..., classes, N), targets labels (..., 1, N) or probabilities
    (..., classes, N).
    """

    name = "accuracy"

    def _judge(
        self, outputs: np.ndarray, targets: np.ndarray, entries: int | None, mask: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        positions = position_shape(outputs.shape)
        if targets.shape not in (outputs.shape, positions):
            raise ValueError(
                f"outputs have shape {outputs.shape}, targets {targets.shape}: expected labels {positions} "
                f"or probabilities {outputs.shape}"
            )
        entries = active_entries(outputs.shape[-1], entries)
        expected = targets[..., :entries]
        if targets.shape != positions:
            expected = expected.argmax(axis=-2, keepdims=True)
        active = outputs[..., :entries]
        right = active.argmax(axis=-2, keepdims=True) == expected
        right &= ~np.isnan(active).any(axis=-2, keepdims=True)
        return right, active_mask(np.ones(1) if mask is None else mask, positions, entries)


class BinaryAccuracy(_Share):
    """The share of outputs on the right side, on which NaN never is.

    Parameters
    ----------
    threshold
        An output above it says yes: 0.5 for probabilities, 0 for logits and scores.
    boundary
        A target above it is positive: 0.5 for targets of 0 and 1, 0 for -1 and +1.

    Raises
    ------
    ValueError
        When one of them is not a finite number.
    """

    name = "binary_accuracy"

    def __init__(self, threshold: float = 0.5, boundary: float = 0.5) -> None:
        super().__init__()
        self.threshold = check_number(f"metric {self.name}: threshold", threshold)
        self.boundary = check_number(f"metric {self.name}: boundary", boundary)

    def _judge(
        self, outputs: np.ndarray, targets: np.ndarray, entries: int | None, mask: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        outputs, targets, counts = elementwise(outputs, targets, entries, mask)
        right = (outputs > self.threshold) == (targets > self.boundary)
        return right & ~np.isnan(outputs), counts
