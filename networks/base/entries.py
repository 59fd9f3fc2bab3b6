"""Entries at the border: a user's arrays for a network to run on."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.axes_of_one import match_input_shape
from nn.finite import check_finite, check_unmasked
from nn.history import padded
from nn.shape import AnyShape, Shape


def entries_for(
    shape: AnyShape, batch: Any, what: str, dtype: np.dtype, step_masks: np.ndarray | None = None
) -> np.ndarray:
    """Return a batch as entries of a shape; its dtype is kept.

    Parameters
    ----------
    shape
        Of the input.
    batch
        (N, *shape), or a shape that differs from it in axes of one; see `nn.axes_of_one.match_input_shape`.
    what
        What the message begins with.
    dtype
        The dtype in which its numbers must be finite.
    step_masks
        Which steps are there, bool (N, steps); padding may be anything.

    Returns
    -------
    ndarray
        (N, *shape).

    Raises
    ------
    ValueError
        When the shape or the number of masks does not fit, something is not a finite number, or it is a
        masked array.
    """
    check_unmasked(batch, what)
    entries = np.asarray(batch)
    if not entries.ndim or match_input_shape(entries.shape[1:], shape) != shape:
        raise ValueError(f"{what}: entries have shape {entries.shape}, expected (N, {shape})")
    check_one_mask_each(step_masks, len(entries), what)
    has_steps = not isinstance(shape, Shape) and step_masks is not None and step_masks.shape[1] == shape[0]
    check_finite(entries, what, dtype, step_masks if has_steps else None)
    return entries.reshape(len(entries), *shape)


def checked_step_masks(step_masks: Any, what: str) -> np.ndarray | None:
    """Return which steps of entries are there, bool (N, steps); None for all.

    Raises
    ------
    ValueError
        When they are not such an array.
    """
    if step_masks is None:
        return None
    check_unmasked(step_masks, f"{what}: step masks")
    masks = np.asarray(step_masks)
    if masks.dtype != np.bool_ or masks.ndim != 2:
        raise ValueError(f"{what}: step masks are {masks.dtype} {masks.shape}, expected bool (N, steps)")
    return masks


def check_one_mask_each(masks: np.ndarray | None, entries: int, what: str) -> None:
    """Refuse step masks of another number of entries, with a ValueError."""
    if masks is not None and len(masks) != entries:
        raise ValueError(f"{what}: {entries} entries, but step masks for {len(masks)}")


def begin_alone(network: Any, masks: np.ndarray | None, part: slice) -> None:
    """Prepare a forward in which every entry is a sequence of its own, with its mask.

    Raises
    ------
    ValueError
        When there are masks but no steps to leave out.
    """
    network.reset()
    if masks is not None:
        step_mask = np.zeros((masks.shape[1], padded(part.stop - part.start)), np.bool_)
        step_mask[:, : part.stop - part.start] = masks[part].T
        network.step_mask = step_mask
