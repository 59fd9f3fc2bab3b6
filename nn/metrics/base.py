"""The base of all metrics, which collect batches and return a number."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from nn.deep_copied import DeepCopied
from nn.masks import active_entries, active_mask


class Metric(DeepCopied, ABC):
    """A number about outputs and targets for people to read; nothing learns from it.

    Attributes
    ----------
    name
        What logs and configurations call it; `metric_by_name` finds it by this name.
    higher_is_better
        Whether early stopping and the best snapshot look for the highest value.
    """

    name: str
    higher_is_better: bool

    @abstractmethod
    def reset(self) -> None:
        """Forget all batches."""

    @abstractmethod
    def add(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> None:
        """Add a batch.

        Parameters
        ----------
        outputs, targets, entries, mask
            What the loss is called with; the mask's weights are weights here as well, 0 leaves an output or
            position out, which may then be anything, as may its target.

        Raises
        ------
        ValueError
            When the shapes do not fit, or a weight is NaN or negative.
        """

    @abstractmethod
    def value(self) -> float:
        """Return the metric over all batches since the last reset.

        NaN where it is not defined: nothing was counted, or the targets hold one class only.
        """


def elementwise(
    outputs: np.ndarray, targets: np.ndarray, entries: int | None, mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return active outputs, targets and weights (..., entries) where every output has its own target.

    Raises
    ------
    ValueError
        When the shapes differ, or the mask does not broadcast to them.
    """
    if outputs.shape != targets.shape:
        raise ValueError(f"outputs have shape {outputs.shape}, targets {targets.shape}")
    entries = active_entries(outputs.shape[-1], entries)
    counts = active_mask(np.ones(1) if mask is None else mask, outputs.shape, entries)
    return outputs[..., :entries], targets[..., :entries], counts
