"""Divergence: is there a NaN or Inf, and in which layer, neuron, entry or parameter was it first?

The question is asked at every step and costs one pass over an array; only when the answer is yes is
the place looked for. Each `in_...` function returns the place in words, or None.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.kernels.finite import count_not_finite, count_not_finite_parallel
from nn.parameters import Parameters
from nn.training.batches import Batch
from nn.training.trainable import Trainable

PARALLEL_FROM = 1_000_000
"""Numbers from which a parallel region pays."""


class TrainingDiverged(ArithmeticError):  # noqa: N818 - says what happened
    """Training met NaN or Inf and stopped before the update.

    Attributes
    ----------
    step, epoch
        The step that was not made, counted from 1, and the epochs finished before it.
    place
        Where NaN or Inf was first.
    """

    def __init__(self, step: int, epoch: int, place: str) -> None:
        super().__init__(
            f"training stopped before the update of step {step}, after {epoch} epochs: {place}. Mend the "
            "data, or go on from the last snapshot with a lower learning rate"
        )
        self.step = step
        self.epoch = epoch
        self.place = place


def all_finite(array: np.ndarray) -> bool:
    """Return whether no number in an array of float32 or float64 is NaN or Inf."""
    flat = array.reshape(-1)
    count = count_not_finite_parallel if flat.size >= PARALLEL_FROM else count_not_finite
    return not count(flat)


def in_batch(batch: Batch, indices: np.ndarray) -> str | None:
    """Look into the inputs and targets of a batch made of the entries at `indices`, int (n,)."""
    if not all_finite(batch.inputs):
        return _place("input", batch.inputs, indices)
    if batch.targets is not batch.inputs and not all_finite(batch.targets):
        return _place("target", batch.targets, indices)
    return None


def in_parameters(parameters: Parameters) -> str | None:
    """Look into the values of the parameters."""
    return None if all_finite(parameters.values) else _parameter(parameters, parameters.values, "parameter")


def in_loss(network: Trainable, loss: float, signals: np.ndarray, indices: np.ndarray) -> str | None:
    """Look into a loss and its signals; when they are not finite, for the layer where it began."""
    if math.isfinite(loss) and all_finite(signals):
        return None
    for name, layer in network.leaves.items():
        if not all_finite(layer.values):
            return _place(f"value of {_called(name, layer)}", layer.values, indices)
    if not all_finite(signals):
        return _place("signal of the loss", signals, indices)
    return f"the loss is {loss} although every value is finite: it is too large"


def in_gradients(network: Trainable, indices: np.ndarray) -> str | None:
    """Look into the gradients after a backward; when they are not finite, for the layer where it began."""
    parameters = network.parameters
    if all_finite(parameters.gradients):
        return None
    for name, layer in reversed(list(network.leaves.items())):
        if not all_finite(layer.signals):
            return _place(f"signal of {_called(name, layer)}", layer.signals, indices)
    return _parameter(parameters, parameters.gradients, "gradient of parameter")


def _called(name: str, layer: Any) -> str:
    return f"layer {name} ({layer.family})" if name else f"the {layer.family} network"


def _parameter(parameters: Parameters, flat: np.ndarray, what: str) -> str:
    position = int(np.flatnonzero(~np.isfinite(flat))[0])
    return f"{what} {parameters.name_of(position)} is {flat[position]}"


def _place(what: str, histories: np.ndarray, indices: np.ndarray) -> str:
    """Name the first bad neuron of the first bad entry."""
    bad = ~np.isfinite(histories)
    entry = int(np.flatnonzero(bad.reshape(-1, bad.shape[-1]).any(axis=0))[0])
    neuron = tuple(int(i) for i in np.argwhere(bad[..., entry])[0])
    origin = f"number {indices[entry]} of the data" if entry < len(indices) else "unused"
    return f"{what} is {histories[(*neuron, entry)]} at neuron {neuron} for entry {entry} ({origin})"
