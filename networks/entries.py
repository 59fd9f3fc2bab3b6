"""Entries at the border: what a user hands to a network that is to be run on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.axes import fit_input
from nn.finite import check_finite
from nn.shape import AnyShape


def entries_for(
    shape: AnyShape, batch: Any, what: str, dtype: np.dtype, counts: np.ndarray | None = None
) -> np.ndarray:
    """Return a batch as entries of a shape, of the dtype that it has.

    Parameters
    ----------
    shape
        Of the input.
    batch
        (N, *shape), or what differs from that in axes of one; see `nn.axes.fit_input`.
    what
        What the message begins with.
    dtype
        In which its numbers must be finite.
    counts
        As for `nn.finite.check_finite`.

    Returns
    -------
    ndarray
        (N, *shape).

    Raises
    ------
    ValueError
        When the shape is another, or what counts is not finite or no number.
    """
    entries = np.asarray(batch)
    if not entries.ndim or fit_input(entries.shape[1:], shape) != shape:
        raise ValueError(f"{what}: entries have shape {entries.shape}, expected (N, {shape})")
    check_finite(entries, what, dtype, counts)
    return entries.reshape(len(entries), *shape)
