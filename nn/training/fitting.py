"""Fitting a batch to a network: the axes of one that its arrays lack, or have elsewhere; see `nn.axes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nn.axes import Sides, fit_input, fit_target
from nn.training.batch import Batch, Values
from nn.training.trainable import Trainable


def fitted(batch: Batch, network: Trainable) -> Batch:
    """Return a batch whose inputs, targets and masks have the axes that the network gives them.

    What differs in more than axes of one is left as it is, for the network or the loss to refuse.
    """
    inputs = _fitted(batch.inputs, _input_shapes(network), fit_input)
    ends = network.ends
    if batch.targets is batch.inputs:
        targets = inputs
    else:
        targets = _fitted(batch.targets, {name: end.output_shape for name, end in ends.items()}, fit_target)
    if inputs is batch.inputs and targets is batch.targets:
        return batch
    return batch._replace(inputs=inputs, targets=targets, mask=_fitted_mask(batch, targets))


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
    mask, before = batch.mask, batch.targets
    if mask is None:
        return None
    if isinstance(mask, np.ndarray):
        assert isinstance(before, np.ndarray)
        assert isinstance(targets, np.ndarray)
        return _like(mask, before, targets)
    return {name: _like(each, before[name], targets[name]) for name, each in mask.items()}


def _like(mask: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return a mask of targets for the same targets with other axes."""
    if before is after or mask.ndim != before.ndim:
        return mask
    return np.broadcast_to(mask, before.shape).reshape(after.shape)
