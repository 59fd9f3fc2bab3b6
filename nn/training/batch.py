"""A mini-batch, and what sources of them must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

Values: TypeAlias = np.ndarray | Mapping[str, np.ndarray]
"""Histories (..., N), or several of them by the name of an input or output."""


class Batch(NamedTuple):
    """Inputs with their targets.

    Attributes
    ----------
    inputs, targets
        Histories (..., N), of the network's dtype; by name where there are several.
    mask
        Weights in [0, 1] that broadcast to the targets, 0 on unused entries; None counts everything.
        By the names of the targets where there are several; names may be missing.
    entries
        How many of the N entries are active.
    step_mask
        Which steps of a sequence are there, bool (steps, N); None for all.
    """

    inputs: Values
    targets: Values
    mask: Values | None
    entries: int
    step_mask: np.ndarray | None = None


class BatchSource(Protocol):
    """Entries that can be asked for by number."""

    def __len__(self) -> int:
        """How many entries there are."""

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the entries at `indices`, int (n,); the next call may overwrite them."""


def named(values: Values | None) -> Mapping[str, np.ndarray]:
    """Return histories by name: those without one are called ""."""
    if values is None:
        return {}
    if isinstance(values, np.ndarray):  # nearly always; to ask for a mapping takes ten times as long
        return {"": values}
    return values if isinstance(values, Mapping) else {"": values}
