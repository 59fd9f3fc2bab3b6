"""Losses, each beside its gradient.

A loss is the mean over the active entries of the batch and the outputs the mask lets count:

    L = sum(mask * l(output, target)) / sum(mask)

and its signals are dL / d output. Entries beyond the active ones only fill up a vector: their
signals are zero.
"""

from __future__ import annotations

import difflib
from typing import ClassVar

import numpy as np


class Loss:
    """A mean of elementwise losses."""

    name: ClassVar[str]

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
        outputs, targets
            (height, width, channels, N), the same shape.
        entries
            How many of the N entries are active; all by default.
        mask
            Weights in [0, 1], broadcastable to `outputs`; 0 leaves an output out.

        Returns
        -------
        float, ndarray
            The mean, and dL / d output with the shape and dtype of `outputs`.

        Raises
        ------
        ValueError
            When the shapes differ, or the mask leaves nothing.
        """
        if outputs.shape != targets.shape:
            raise ValueError(f"outputs have shape {outputs.shape}, targets {targets.shape}")
        entries = outputs.shape[-1] if entries is None else entries
        signals = np.zeros_like(outputs)
        active = (..., slice(0, entries))
        elements, slopes = self.elements(outputs[active], targets[active])
        if mask is None:
            count = elements.size
        else:
            weights = np.broadcast_to(mask, outputs.shape)[active]
            count = weights.sum(dtype=np.float64)
            elements, slopes = elements * weights, slopes * weights
        if not count:
            raise ValueError("no output counts: the mask is zero everywhere")
        np.multiply(slopes, outputs.dtype.type(1 / count), out=signals[active])
        return float(elements.sum(dtype=np.float64) / count), signals

    def elements(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of every single output, and its derivative."""
        raise NotImplementedError


class SquaredError(Loss):
    """l = (o - t)²."""

    name = "squared_error"

    def elements(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """l = d², l' = 2 d with d = o - t."""
        difference = outputs - targets
        return difference * difference, 2 * difference


class AbsoluteError(Loss):
    """l = |o - t|; the slope at equality is 0."""

    name = "absolute_error"

    def elements(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """l = |d|, l' = sign(d) with d = o - t."""
        difference = outputs - targets
        return np.abs(difference), np.sign(difference)


class BinaryCrossEntropy(Loss):
    """l = -t log p - (1 - t) log(1 - p) on probabilities (Bishop 2006, equation 4.90).

    Probabilities are kept `epsilon` of their dtype away from 0 and 1, so that a saturated output
    gives a large but finite loss and slope.
    """

    name = "binary_cross_entropy"

    def elements(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """l as above, l' = (p - t) / (p (1 - p))."""
        epsilon = np.finfo(outputs.dtype).eps
        p = np.clip(outputs, epsilon, 1 - epsilon)
        elements = -targets * np.log(p) - (1 - targets) * np.log1p(-p)
        return elements, (p - targets) / (p * (1 - p))


class BinaryCrossEntropyWithLogits(Loss):
    """Binary cross-entropy of p = sigmoid(o), computed from o: l = max(o, 0) - o t + log(1 + exp(-|o|))."""

    name = "binary_cross_entropy_with_logits"

    def elements(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """l as above, l' = sigmoid(o) - t."""
        small = np.exp(-np.abs(outputs))
        elements = np.maximum(outputs, 0) - outputs * targets + np.log1p(small)
        return elements, np.where(outputs >= 0, 1, small) / (1 + small) - targets


LOSSES: dict[str, type[Loss]] = {
    kind.name: kind
    for kind in (SquaredError, AbsoluteError, BinaryCrossEntropy, BinaryCrossEntropyWithLogits)
}


def loss_by_name(name: str) -> Loss:
    """Return a loss.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest.
    """
    if name not in LOSSES:
        near = difflib.get_close_matches(name, LOSSES, n=1) or [", ".join(LOSSES)]
        raise ValueError(f"unknown loss {name!r}; did you mean {near[0]}?")
    return LOSSES[name]()
