"""Steps taken for further entries of a batch: those that are there are brought together and sent back."""

from __future__ import annotations

import numpy as np

from nn.history import aligned_zeros, padded
from nn.shape import AnyShape


class Steps:
    """Which of the steps of a batch are there.

    Parameters
    ----------
    steps
        Of a whole sequence.
    histories
        Of the batch.
    active
        How many of the histories hold entries: the first of them.
    mask
        bool (steps, histories), False where a step is not there; None where all are.

    Attributes
    ----------
    count
        How many steps of entries there are.
    """

    def __init__(self, steps: int, histories: int, active: int, mask: np.ndarray | None) -> None:
        self._steps, self._histories, self._active = steps, histories, active
        self._columns: np.ndarray | None = None
        if mask is not None:
            self._columns = np.flatnonzero(mask & (np.arange(histories) < active))
        self.count = steps * active if self._columns is None else self._columns.size

    def gather(self, values: np.ndarray, shape: AnyShape | tuple[int, ...]) -> np.ndarray:
        """Bring together what is there: (steps, *shape, N) to (*shape, whole vectors), at least one."""
        steps = np.moveaxis(values.reshape(-1, *shape, values.shape[-1]), 0, -2)
        together = aligned_zeros((*shape, padded(max(1, self.count))), values.dtype)
        if self._columns is None:
            places = together[..., : self.count].reshape(*shape, self._steps, self._active)
            places[...] = steps[..., : self._active]
        else:
            together[..., : self.count] = steps.reshape(*shape, -1)[..., self._columns]
        return together

    def spread(self, together: np.ndarray) -> np.ndarray:
        """Send what `gather` brought together back, zero where no step is: to (steps, *shape, N)."""
        shape, steps, histories = together.shape[:-1], self._steps, self._histories
        there = together[..., : self.count]
        if self._columns is None:
            spread = aligned_zeros((steps, *shape, histories), together.dtype)
            np.moveaxis(spread, 0, -2)[..., : self._active] = there.reshape(*shape, steps, self._active)
            return spread
        columns = np.zeros((*shape, steps * histories), together.dtype)
        columns[..., self._columns] = there
        return np.ascontiguousarray(np.moveaxis(columns.reshape(*shape, steps, histories), -2, 0))
