"""What every loss has: a mean over the entries that count, their weight, and signals.

A loss is the mean over the active entries of the batch, weighted by the mask,

    L = sum(mask * l(output, target)) / weight

and its signals are dL / d output. The weight is the sum of the mask (and of the class weights where a
loss has them), so that batches of different sizes combine as sum(weight * L) / sum(weight). Entries beyond
the active ones are padding: their signals are zero. A loss runs at every step of training, so intermediate
results share the array that the slopes are written to: fresh memory costs more than the arithmetic.

Where the mask is 0, outputs and targets are not used, and may be anything. A batch that is masked whole has
the loss 0 with the weight 0, and signals of zero.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nn.configurable import Configurable
from nn.masks import active_entries, active_mask, position_shape, total_weight
from nn.metrics import Metric


class TargetError(ValueError):
    """A target that the loss does not accept.

    Attributes
    ----------
    entry
        The number of its entry in the batch.
    """

    def __init__(self, message: str, entry: int) -> None:
        super().__init__(message, entry)
        self.entry = entry

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Loss(Configurable, ABC):
    """What training minimises.

    Attributes
    ----------
    output_range
        Lowest and highest output it is made for: 0 and 1 where it takes probabilities.
    applies
        The function that it applies to the outputs itself: the sigmoid or softmax of logits.
    """

    output_range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    applies: ClassVar[str] = ""

    @abstractmethod
    def __call__(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        *,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray]:
        """Return the loss and the signals.

        Parameters
        ----------
        outputs
            float32 or float64 (*output_shape, N), such as (height, width, channels, N).
        targets
            (*output_shape, N), or labels (*output_shape[:-1], 1, N) where outputs are of classes.
        entries
            How many of the N entries are active; all by default.
        mask
            Weights in [0, 1], broadcastable to the outputs, or to (*output_shape[:-1], 1, N) where
            a loss takes the outputs of a position together; 0 leaves an output or position out, which may
            then be anything, as may its target.

        Returns
        -------
        float, ndarray
            The mean, and dL / d output with the shape and dtype of `outputs`. Both 0 when nothing counts.

        Raises
        ------
        ValueError
            When the shapes do not fit, there are fewer entries, or a weight of the mask or a target that
            counts is not allowed.
        """

    @abstractmethod
    def weight(
        self, targets: np.ndarray, entries: int | None = None, mask: np.ndarray | None = None
    ) -> float:
        """Return the weight of a batch in a mean over batches: the divisor of the loss, or 0.

        Parameters
        ----------
        targets, entries, mask
            The arguments of the loss.
        """

    def target_span(self, targets: np.ndarray, features: int) -> tuple[float, float] | None:
        """Return the lowest and highest prediction that the targets ask for.

        Parameters
        ----------
        targets
            float (..., N), NaN where they do not count.
        features
            Outputs per position: the length of the last axis of the output shape.

        Returns
        -------
        tuple of float, or None
            None where outputs need not become equal to any target.
        """
        return float(np.nanmin(targets)), float(np.nanmax(targets))

    def prediction_range(self, lowest: float, highest: float, features: int) -> tuple[float, float]:
        """Return the range of predictions for outputs in a range.

        Parameters
        ----------
        lowest, highest
            The range of the outputs.
        features
            Outputs per position.
        """
        return lowest, highest

    def metrics(self) -> list[Metric]:
        """Return new metrics that suit it."""
        return []


class ElementwiseLoss(Loss):
    """A mean over single outputs, each with its own target."""

    _fused: ClassVar[tuple[Callable[..., float], Callable[..., float]] | None] = None
    """Kernels of `nn.kernels.losses` that compute the same, without a mask and with one."""

    def __call__(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        *,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray]:
        """Return the mean over the outputs that count, and the signals; see `Loss.__call__`."""
        if outputs.shape != targets.shape:
            raise ValueError(_differing(outputs.shape, targets.shape))
        entries = active_entries(outputs.shape[-1], entries)
        weight = self.weight(targets, entries, mask)
        if not weight:
            return 0.0, np.zeros_like(outputs)
        signals = np.empty_like(outputs)
        if self._fused is not None and _alike(outputs, targets):
            return self._run_fused(outputs, targets, mask, signals, entries, 1 / weight) / weight, signals
        signals[..., entries:] = 0
        active = outputs[..., :entries], targets[..., :entries], signals[..., :entries]
        if mask is None:
            losses = self.elements(*active)
            active[2][...] *= 1 / weight
            return float(losses.sum(dtype=np.float64)) / weight, signals
        weights = active_mask(mask, outputs.shape, entries)
        return self._run_selected(*active, weights, 1 / weight) / weight, signals

    def _run_selected(
        self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray, weights: np.ndarray, factor: float
    ) -> float:
        """Return the weighted sum of the losses, and write `factor` times the weighted slopes."""
        chosen = weights != 0
        counts = weights[chosen].astype(np.float64)
        own_slopes = np.empty(counts.shape, slopes.dtype)
        losses = self.elements(outputs[chosen], targets[chosen], own_slopes)
        own_slopes *= counts * factor
        slopes[...] = 0
        slopes[chosen] = own_slopes
        return float((losses * counts).sum())

    def _run_fused(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        mask: np.ndarray | None,
        signals: np.ndarray,
        entries: int,
        factor: float,
    ) -> float:
        """Return the weighted sum of the losses, and write `factor` times the weighted slopes."""
        histories = outputs.shape[-1]
        if entries == histories:  # one long row
            histories = entries = outputs.size
        assert self._fused is not None
        plain, weighted = self._fused
        ends = outputs.reshape(-1), targets.reshape(-1)
        if mask is None:
            return plain(*ends, signals.reshape(-1), histories, entries, factor)
        weights = np.ascontiguousarray(np.broadcast_to(mask, outputs.shape), outputs.dtype)
        return weighted(*ends, weights.reshape(-1), signals.reshape(-1), histories, entries, factor)

    def weight(
        self, targets: np.ndarray, entries: int | None = None, mask: np.ndarray | None = None
    ) -> float:
        """Return the number of outputs that count, or the sum of their mask."""
        return total_weight(mask, targets.shape, active_entries(targets.shape[-1], entries), largest=1)

    @abstractmethod
    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Return the loss of every single output, and write its derivative.

        Parameters
        ----------
        outputs, targets
            The active entries, (..., entries); with a mask, (n,) of those outputs that count.
        slopes
            Receives d loss / d output of each, same shape and dtype.

        Returns
        -------
        ndarray
            A new array of the losses, same shape.
        """


def _differing(outputs: tuple[int, ...], targets: tuple[int, ...]) -> str:
    """Return an error that shapes differ, with advice where the targets look like labels."""
    said = f"outputs have shape {outputs}, targets {targets}"
    if targets != position_shape(outputs):
        return f"{said}: give a target for every output"
    return f"{said}: labels of classes are for losses such as categorical_cross_entropy_with_logits"


def _alike(outputs: np.ndarray, targets: np.ndarray) -> bool:
    """Whether both have one dtype and are contiguous, as kernels require."""
    return outputs.dtype == targets.dtype and outputs.flags.c_contiguous and targets.flags.c_contiguous
