"""Reshape a batch to the shapes of a network by axes of length one; see `nn.axes_of_one`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nn.axes_of_one import Sides, match_input_shape, match_target_shape
from nn.step_masks import expand_mask, has_steps
from nn.training.batch import Batch, Values, named
from nn.training.trainable import Trainable


def reshape_batch(batch: Batch, network: Trainable) -> Batch:
    """Return a batch whose inputs, targets and masks have the axes that the network gives them.

    What differs in more than axes of one is left as it is, for the network or the loss to refuse. Targets
    that turn out to be of steps do not count at those that are not there.
    """
    if _fits(batch, network):
        return batch
    inputs = _fitted(batch.inputs, _input_shapes(network), match_input_shape)
    ends = network.named_outputs
    if batch.targets is batch.inputs:
        targets = inputs
    else:
        targets = _fitted(
            batch.targets, {name: end.output_shape for name, end in ends.items()}, match_target_shape
        )
    if inputs is batch.inputs and targets is batch.targets:
        return batch
    return batch._replace(inputs=inputs, targets=targets, mask=_fitted_mask(batch, targets))


def _fits(batch: Batch, network: Any) -> bool:
    """Return whether arrays of one input and one output have the shapes already, as they nearly always do."""
    inputs, targets = batch.inputs, batch.targets
    if not (isinstance(inputs, np.ndarray) and isinstance(targets, np.ndarray)):
        return False
    if hasattr(network, "input_shapes") or inputs.shape[:-1] != network.input_shape:
        return False
    return targets is inputs or targets.shape[:-1] == network.output_shape


def _input_shapes(network: Any) -> Mapping[str, Any]:
    several = getattr(network, "input_shapes", None)
    return several if isinstance(several, Mapping) else {"": network.input_shape}


def _fitted(values: Values, shapes: Mapping[str, Any], fit: Callable[[Sides, Any], Sides]) -> Values:
    """Return histories (..., N) with the axes of shapes; the values themselves where nothing changes."""
    if isinstance(values, np.ndarray):
        if len(shapes) != 1:
            return values
        (shape,) = shapes.values()
        return _reshaped(values, fit(values.shape[:-1], shape))
    changed = {
        name: _reshaped(array, fit(array.shape[:-1], shapes[name])) if name in shapes else array
        for name, array in values.items()
    }
    return values if all(changed[name] is values[name] for name in changed) else changed


def _reshaped(array: np.ndarray, shape: Sides) -> np.ndarray:
    return array if array.shape[:-1] == shape else array.reshape(*shape, array.shape[-1])


def _fitted_mask(batch: Batch, targets: Values) -> Values | None:
    """Return the mask for targets that have other axes than those of the batch."""
    given, before = named(batch.mask), named(batch.targets)
    masks = {
        name: _like(given.get(name), before[name], after, batch.step_mask)
        for name, after in named(targets).items()
    }
    known = {name: mask for name, mask in masks.items() if mask is not None}
    return known.get("") if isinstance(targets, np.ndarray) else known or None


def _like(
    mask: np.ndarray | None, before: np.ndarray, after: np.ndarray, step_mask: np.ndarray | None
) -> np.ndarray | None:
    """Return a mask of targets for the same targets with other axes."""
    if before is after:
        return mask
    if mask is not None and mask.ndim == before.ndim:
        mask = np.broadcast_to(mask, before.shape).reshape(after.shape)
    if step_mask is None or has_steps(before, step_mask) or not has_steps(after, step_mask):
        return mask
    there = expand_mask(step_mask, after)
    return there if mask is None else np.where(there, mask, mask.dtype.type(0))
