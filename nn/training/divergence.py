"""Divergence: is there a NaN or Inf, and in which layer, neuron, entry or parameter was it first?

The check runs at every step and costs one pass over an array; the place is searched for only if it fails.
Each `in_...` function returns the place in words, or None.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from nn.finite import all_finite
from nn.masks import active_mask
from nn.parameters import Parameters
from nn.step_masks import zero_masked_steps
from nn.training.batch import Batch, BatchSource, Values, named
from nn.training.batch_shapes import reshape_batch
from nn.training.trainable import Trainable


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
        super().__init__(step, epoch, place)
        self.step, self.epoch, self.place = step, epoch, place

    def __str__(self) -> str:
        return (
            f"training stopped before the update of step {self.step}, after {self.epoch} epochs: "
            f"{self.place}. Mend the data, or go on from the last snapshot with a lower learning rate"
        )


class NotFiniteError(ArithmeticError):
    """There is a NaN or Inf; the message is its place."""


def refuse(place: str | None) -> None:
    """Raise NotFiniteError when there is a place."""
    if place is not None:
        raise NotFiniteError(place)


def in_batch(batch: Batch, indices: np.ndarray, unread: Collection[str] = ()) -> str | None:
    """Look into the mask, inputs and targets of a batch made of the entries at `indices`, int (n,).

    Steps of the inputs that the step mask leaves out are not read, nor are targets whose mask is 0, or whose
    names are among the unread.
    """
    steps, masks = batch.step_mask, named(batch.mask)
    place = _in_values("mask", masks, indices)
    for name, array in named(batch.inputs).items():
        if place is None and not all_finite(array):
            place = _in_values("input", {name: zero_masked_steps(array, steps)}, indices)
    if batch.targets is batch.inputs and steps is None:
        return place
    for name, array in named(batch.targets).items():
        if place is None and name not in unread and not all_finite(array):
            weights = active_mask(masks.get(name, np.ones(1)), array.shape, batch.entries)
            counted = np.where(weights != 0, array[..., : batch.entries], 0)
            place = _in_values("target", {name: counted}, indices)
    return place


def in_evaluation(loss: float, network: Trainable, source: BatchSource, batch_size: int) -> str:
    """Say where a loss over a source that is not finite comes from, looking at so many entries at a time."""
    for start in range(0, len(source), batch_size):
        indices = np.arange(start, min(start + batch_size, len(source)))
        place = in_batch(reshape_batch(source.batch(indices), network), indices)
        if place is not None:
            return f"the loss of the held-out data is {loss}: {place}"
    return f"the loss of the held-out data is {loss} although all of it is finite"


def in_parameters(parameters: Parameters) -> str | None:
    """Look into the values of the parameters."""
    return None if all_finite(parameters.values) else _parameter(parameters, parameters.values, "parameter")


def in_loss(network: Trainable, loss: float, signals: Values, indices: np.ndarray) -> str | None:
    """Look into a loss and its signals; when they are not finite, for the layer where it began."""
    place = _in_values("signal of the loss", signals, indices)
    if math.isfinite(loss) and place is None:
        return None
    for name, layer in network.leaves.items():
        if not all_finite(layer.values):
            return _in_layer("value", name, layer, layer.values, indices)
    return place or f"the loss is {loss} although every value is finite: it is too large"


def in_state(network: Trainable) -> str | None:
    """Look into what a network carries from step to step."""
    for name, array in network.state().items():
        if not all_finite(array):
            position = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            return f"carried state {name} is {array[position]} at {position}"
    return None


def in_gradients(network: Trainable, indices: np.ndarray) -> str | None:
    """Look into the gradients after a backward; when they are not finite, for the layer where it began."""
    place = in_parameter_gradients(network.parameters, "gradient of parameter")
    if place is None:
        return None
    for name, layer in reversed(list(network.leaves.items())):
        if not all_finite(layer.signals):
            return _in_layer("signal", name, layer, layer.signals, indices)
    return place


def in_parameter_gradients(parameters: Parameters, what: str) -> str | None:
    """Look into the gradients of the parameters alone; `what` begins the place."""
    return None if all_finite(parameters.gradients) else _parameter(parameters, parameters.gradients, what)


def _in_values(what: str, values: Values, indices: np.ndarray) -> str | None:
    if isinstance(values, np.ndarray):
        return None if all_finite(values) else _place(what, values, indices)
    for name, array in values.items():
        if not all_finite(array):
            return _place(f"{what} {name}" if name else what, array, indices)
    return None


def _in_layer(what: str, name: str, layer: Any, histories: np.ndarray, indices: np.ndarray) -> str:
    """Name the first bad neuron of a layer; no entry where its histories are steps of entries."""
    called = f"layer {name} ({layer.family})" if name else f"the {layer.family} network"
    if layer.entries in (None, len(indices)):
        return _place(f"{what} of {called}", histories, indices)
    neuron, history = _first_bad(histories)
    return f"{what} of {called} is {histories[(*neuron, history)]} at neuron {neuron}"


def _parameter(parameters: Parameters, flat: np.ndarray, what: str) -> str:
    position = int(np.flatnonzero(~np.isfinite(flat))[0])
    return f"{what} {parameters.name_of(position)} is {flat[position]}"


def _place(what: str, histories: np.ndarray, indices: np.ndarray) -> str:
    """Name the first bad neuron of the first bad entry."""
    neuron, entry = _first_bad(histories)
    origin = f"number {indices[entry]} of the data" if entry < len(indices) else "unused"
    return f"{what} is {histories[(*neuron, entry)]} at neuron {neuron} for entry {entry} ({origin})"


def _first_bad(histories: np.ndarray) -> tuple[tuple[int, ...], int]:
    """Return the first bad neuron of the first bad history, and that history."""
    bad = ~np.isfinite(histories)
    history = int(np.flatnonzero(bad.reshape(-1, bad.shape[-1]).any(axis=0))[0])
    return tuple(int(i) for i in np.argwhere(bad[..., history])[0]), history
