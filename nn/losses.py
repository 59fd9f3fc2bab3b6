"""Losses, each beside its gradient.

A loss is the mean over the active entries of the batch and the outputs the mask lets count:

    L = sum(mask * l(output, target)) / sum(mask)

and its signals are dL / d output. Entries beyond the active ones only fill up a vector: their
signals are zero. A loss runs at every step of training, so intermediate results share the array
that the slopes are written to: fresh memory costs more than the arithmetic.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nn.choices import choose


class Loss:
    """A mean of elementwise losses.

    Attributes
    ----------
    name
        What configurations call it.
    """

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
            float32 or float64 (height, width, channels, N), the same shape.
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
            When the shapes differ, there are no such entries, or the mask leaves nothing.
        """
        entries = _active(outputs, targets, entries)
        signals = np.empty_like(outputs)
        signals[..., entries:] = 0
        active = (..., slice(entries))
        slopes = signals[active]
        losses = self.elements(outputs[active], targets[active], slopes)
        count = float(losses.size)
        if mask is not None:
            weights = np.broadcast_to(mask, outputs.shape)[active]
            count = float(weights.sum(dtype=np.float64))
            losses *= weights
            slopes *= weights
        if not count > 0:
            raise ValueError("no output counts: the mask is zero everywhere")
        slopes *= 1 / count
        return float(losses.sum(dtype=np.float64)) / count, signals

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Return the loss of every single output, and write its derivative.

        Parameters
        ----------
        outputs, targets
            The active entries, (height, width, channels, entries).
        slopes
            Receives d loss / d output of each, same shape and dtype.

        Returns
        -------
        ndarray
            A new array of the losses, same shape and dtype.
        """
        raise NotImplementedError


class SquaredError(Loss):
    """l = (o - t)² (Bishop 2006, equation 3.12, without its 1/2)."""

    name = "squared_error"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l = d², l' = 2 d with d = o - t."""
        np.subtract(outputs, targets, out=slopes)
        losses = slopes * slopes
        slopes *= 2
        return losses


class AbsoluteError(Loss):
    """l = |o - t|; the slope at equality is 0."""

    name = "absolute_error"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l = |d|, l' = sign(d) with d = o - t."""
        difference = outputs - targets
        np.sign(difference, out=slopes)
        return np.abs(difference, out=difference)


class BinaryCrossEntropy(Loss):
    """l = -t log p - (1 - t) log(1 - p) on probabilities (Bishop 2006, equation 4.90).

    Probabilities are kept `epsilon` of their dtype away from 0 and 1, which bounds the loss. Beyond
    that the loss is flat and its slope 0, so an output that is wrong *and* saturated learns nothing
    more: train on logits where that can happen.
    """

    name = "binary_cross_entropy"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l as above, l' = (p - t) / (p (1 - p))."""
        epsilon = np.finfo(outputs.dtype).eps
        p = np.clip(outputs, epsilon, 1 - epsilon)
        losses = -p
        np.log1p(losses, out=losses)
        losses *= np.subtract(1, targets, out=slopes)
        np.log(p, out=slopes)
        slopes *= targets
        losses += slopes
        np.subtract(p, targets, out=slopes)
        slopes *= p == outputs
        slopes /= p
        slopes /= np.subtract(1, p, out=p)
        return np.negative(losses, out=losses)


class BinaryCrossEntropyWithLogits(Loss):
    """Binary cross-entropy (Bishop 2006, equation 4.90) of p = sigmoid(o), computed from o.

    l = max(o, 0) - o t + log(1 + exp(-|o|)), which neither overflows nor saturates.
    """

    name = "binary_cross_entropy_with_logits"

    def elements(self, outputs: np.ndarray, targets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """l as above with max(o, 0) = (|o| + o) / 2, l' = sigmoid(o) - t = 1/2 + tanh(o / 2) / 2 - t."""
        losses = np.abs(outputs)
        np.exp(np.negative(losses, out=slopes), out=slopes)
        losses /= 2
        losses += np.log1p(slopes, out=slopes)
        np.subtract(0.5, targets, out=slopes)
        slopes *= outputs
        losses += slopes
        np.divide(outputs, 2, out=slopes)
        np.tanh(slopes, out=slopes)
        slopes /= 2
        slopes += 0.5
        slopes -= targets
        return losses


def _active(outputs: np.ndarray, targets: np.ndarray, entries: int | None) -> int:
    """Return the number of active entries, after a look at the shapes."""
    if outputs.shape != targets.shape:
        raise ValueError(f"outputs have shape {outputs.shape}, targets {targets.shape}")
    histories = outputs.shape[-1]
    entries = histories if entries is None else entries
    if not 0 < entries <= histories:
        raise ValueError(f"{entries} active entries of {histories}: at least one must count")
    return entries


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
    return choose(LOSSES, name, "loss")()
