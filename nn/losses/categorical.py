"""Losses between many classes: the outputs of a position are the probabilities or logits of the classes.

The classes lie on the last axis before the histories: outputs are (..., classes, N). Targets are labels
(..., 1, N), whole numbers from 0 in any dtype, or probabilities (..., classes, N) that sum to 1, such
as a one-hot code. With probabilities p, targets t, class weights w and label smoothing s,

    l = -sum_c w_c t'_c log p_c        t'_c = t_c (1 - s) + s / classes     (Szegedy et al. 2016, section 7)

(Bishop 2006, equation 4.108, with w = 1 and s = 0). The mean is over positions, not over classes:

    L = sum(mask * l) / sum(mask * sum_c w_c t_c)

so with class weights it is a weighted mean, as PyTorch's is for labels; here it is so for probabilities
as well, so that a label and its one-hot code give the same loss. The mask is (..., 1, N), or broadcasts
to it. A position whose mask is 0 may hold any outputs and any label.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn.argument_checks import check_below_one, is_positive
from nn.losses.base import Loss, TargetError
from nn.masks import active_entries, active_mask, position_shape, total_weight
from nn.metrics import Accuracy, Metric

SUM_TOLERANCE = 1e-3
"""How far the sum of a target's probabilities may be from 1: half precision is that exact."""


@dataclass(frozen=True)
class _Categorical(Loss):
    """The settings of both forms, and the steps from targets to the mean.

    Attributes
    ----------
    class_weights
        Weight of each class; None for equal ones.
    label_smoothing
        In [0, 1): how much of every target is spread over all classes.

    Raises
    ------
    ValueError
        When a weight is not positive, there are fewer than two, or the smoothing is outside [0, 1).
    """

    class_weights: Sequence[float] | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_below_one(f"loss {self.name}: label_smoothing", self.label_smoothing)
        if self.class_weights is not None:
            weights = tuple(np.atleast_1d(self.class_weights).tolist())
            if len(weights) < 2 or not all(map(is_positive, weights)):
                raise ValueError(
                    f"loss {self.name}: class_weights {self.class_weights!r} must be a positive number for "
                    "each class; leave a class out with a mask"
                )
            object.__setattr__(self, "class_weights", weights)

    def __call__(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        *,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray]:
        """Return the mean over the positions that count, and the signals; see `Loss.__call__`."""
        self._check_shapes(outputs.shape, targets.shape)
        entries = active_entries(outputs.shape[-1], entries)
        if mask is not None:
            return self._weighted(outputs, targets, _active_positions(mask, outputs.shape, entries))
        signals = np.empty_like(outputs)
        signals[..., entries:] = 0
        shares = signals[..., :entries]
        self._write_shares(targets[..., :entries], shares)
        weight = self._weight(shares)
        self._weigh(shares)
        losses = self.positions(outputs[..., :entries], shares)
        shares *= 1 / weight
        return float(losses.sum(dtype=np.float64)) / weight, signals

    def _weighted(
        self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """Return the mean and the signals, with weights of positions (..., entries)."""
        signals = np.zeros_like(outputs)
        chosen = weights != 0
        counts = weights[chosen].astype(np.float64)
        shares = np.empty((outputs.shape[-2], counts.size), outputs.dtype)
        self._write_shares(_positions(targets, chosen), shares, chosen)
        weight = self._weight(shares, counts)
        if not weight:
            return 0.0, signals
        self._weigh(shares)
        losses = self.positions(_positions(outputs, chosen), shares)
        counts /= weight
        shares *= counts
        np.moveaxis(signals[..., : weights.shape[-1]], -2, 0)[:, chosen] = shares
        return float((losses * counts).sum()), signals

    def weight(
        self, targets: np.ndarray, entries: int | None = None, mask: np.ndarray | None = None
    ) -> float:
        """Return the number of positions that count, or the sum of their mask, times class weights."""
        entries = active_entries(targets.shape[-1], entries)
        if self.class_weights is None:
            return total_weight(mask, position_shape(targets.shape), entries, largest=1)
        classes = len(self.class_weights)
        self._check_shapes((*targets.shape[:-2], classes, targets.shape[-1]), targets.shape)
        mask = np.ones(1, np.bool_) if mask is None else mask
        weights = _active_positions(mask, targets.shape, entries)
        chosen = weights != 0
        shares = np.empty((classes, np.count_nonzero(chosen)))
        self._write_shares(_positions(targets, chosen), shares, chosen)
        return self._weight(shares, weights[chosen])

    @abstractmethod
    def positions(self, outputs: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return the loss of every position, and replace the shares by its derivatives.

        Parameters
        ----------
        outputs
            The active entries, (..., classes, entries).
        shares
            Factors of -log p, w_c t'_c, same shape and dtype; receives d loss / d output.

        Returns
        -------
        ndarray
            A new array (..., 1, entries).
        """

    def target_span(self, targets: np.ndarray, features: int) -> tuple[float, float] | None:
        """Return the lowest and highest probability, after smoothing."""
        labels = targets.shape[-2] == 1
        low, high = (0.0, 1.0) if labels else (float(np.nanmin(targets)), float(np.nanmax(targets)))
        keep, shift = 1 - self.label_smoothing, self.label_smoothing / features
        return low * keep + shift, high * keep + shift

    def metrics(self) -> list[Metric]:
        """Return the accuracy."""
        return [Accuracy()]

    def _check_shapes(self, outputs: tuple[int, ...], targets: tuple[int, ...]) -> None:
        if len(outputs) < 2 or outputs[-2] < 2:
            raise ValueError(
                f"loss {self.name}: outputs have shape {outputs}, expected (..., classes, N) with at least "
                "two classes"
            )
        if targets not in (outputs, position_shape(outputs)):
            raise ValueError(
                f"outputs have shape {outputs}, targets {targets}: expected labels {position_shape(outputs)} "
                f"or probabilities {outputs}"
            )
        if self.class_weights is not None and len(self.class_weights) != outputs[-2]:
            raise ValueError(
                f"loss {self.name}: {len(self.class_weights)} class weights for {outputs[-2]} classes"
            )

    def _write_shares(
        self, targets: np.ndarray, shares: np.ndarray, chosen: np.ndarray | None = None
    ) -> None:
        """Write the targets as probabilities, and refuse those that are not.

        Where they are those of chosen positions, (..., n), `chosen` says which, bool (..., entries).
        """
        if targets.shape == shares.shape:
            shares[...] = targets
        else:
            classes = np.arange(shares.shape[-2])[:, None]
            np.equal(targets, classes, out=shares, casting="unsafe")
        bad = ~(np.abs(shares.sum(axis=-2, keepdims=True) - 1) <= SUM_TOLERANCE)
        if bad.any():
            raise _bad_target(targets, bad, shares.shape[-2], chosen)

    def _weight(self, shares: np.ndarray, counts: np.ndarray | None = None) -> float:
        """Return the divisor of the mean, from targets as probabilities and the weights of positions."""
        if self.class_weights is None:
            return float(
                math.prod(position_shape(shares.shape)) if counts is None else counts.sum(dtype=float)
            )
        weights = np.einsum("c,...cn->...n", np.asarray(self.class_weights), shares)
        return float((weights if counts is None else weights * counts).sum(dtype=np.float64))

    def _weigh(self, shares: np.ndarray) -> None:
        """Turn targets into the factors of -log p."""
        if self.label_smoothing:
            shares *= 1 - self.label_smoothing
            shares += self.label_smoothing / shares.shape[-2]
        if self.class_weights is not None:
            shares *= np.asarray(self.class_weights, shares.dtype)[:, None]


@dataclass(frozen=True)
class CategoricalCrossEntropy(_Categorical):
    """Categorical cross-entropy of probabilities p = o, such as those of a softmax.

    Probabilities are kept between `epsilon` of their dtype and 1, which bounds the loss. Beyond that
    the loss is flat and its slope 0: train on logits where an output can be wrong and saturated.
    """

    name = "categorical_cross_entropy"
    output_range = (0.0, 1.0)

    def positions(self, outputs: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """l' = -share / p."""
        p = np.clip(outputs, np.finfo(outputs.dtype).eps, 1)
        logarithms = np.log(p)
        logarithms *= shares
        losses = logarithms.sum(axis=-2, keepdims=True)
        shares *= p == outputs
        shares /= np.negative(p, out=p)
        return np.negative(losses, out=losses)


@dataclass(frozen=True)
class CategoricalCrossEntropyWithLogits(_Categorical):
    """Categorical cross-entropy of p = softmax(o) (Bishop 2006, equation 4.104), computed from o.

    The highest logit is taken off first, so that nothing overflows: with z = o - max(o),
    l = sum_c share_c (log sum exp z - z_c), in which no summand is negative. A logit of minus infinity
    stands for an impossible class; without a share it adds nothing.
    """

    name = "categorical_cross_entropy_with_logits"
    applies = "softmax"

    def positions(self, outputs: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """l' = sum(shares) softmax(o) - share (Bishop 2006, equation 4.109, with shares of 1 in all)."""
        with np.errstate(over="ignore", invalid="ignore"):
            z = outputs - outputs.max(axis=-2, keepdims=True)
            losses = np.einsum("...cn,...cn->...n", shares, z)[..., None, :]
        if np.isnan(losses.sum()):
            products = np.multiply(shares, z, out=np.zeros_like(z), where=shares != 0)
            losses = products.sum(axis=-2, keepdims=True)
        np.negative(losses, out=losses)
        p = np.exp(z, out=z)
        sums = p.sum(axis=-2, keepdims=True, dtype=np.float64).astype(p.dtype)
        total = shares.sum(axis=-2, keepdims=True)
        losses += total * np.log(sums)
        p *= np.divide(total, sums, out=sums)
        np.subtract(p, shares, out=shares)
        return losses

    def prediction_range(self, lowest: float, highest: float, features: int) -> tuple[float, float]:
        """Return the probability of a class with its logit at one end, all others at the other end."""
        spread = highest - lowest
        if math.isinf(spread):
            return 0.0, 1.0
        return 1 / (1 + (features - 1) * math.exp(min(spread, 700))), 1 / (
            1 + (features - 1) * math.exp(-spread)
        )


def _active_positions(mask: np.ndarray, shape: tuple[int, ...], entries: int) -> np.ndarray:
    """Return the weights of positions, (..., entries), for outputs or targets (..., classes, N)."""
    return active_mask(mask, position_shape(shape), entries, largest=1)[..., 0, :]


def _positions(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the values (classes, n) of the chosen positions (..., entries) of (..., classes, N)."""
    return np.moveaxis(values[..., : chosen.shape[-1]], -2, 0)[:, chosen]


def _bad_target(targets: np.ndarray, bad: np.ndarray, classes: int, chosen: np.ndarray | None) -> TargetError:
    """Return an error that names the invalid target."""
    *position, _, entry = (int(each) for each in np.argwhere(bad)[0])
    found = np.moveaxis(targets, -2, -1)[(*position, entry)]
    if chosen is not None:
        *position, entry = (int(each) for each in np.argwhere(chosen)[entry])
    where = f"entry {entry} at position {tuple(position)}" if any(position) else f"entry {entry}"
    if len(found) == 1:
        message = f"label {found[0]:g} of {where} is none of the {classes} classes, 0 to {classes - 1}"
    else:
        message = f"the target probabilities of {where} sum to {found.sum():g}, expected 1"
    return TargetError(message, entry)
