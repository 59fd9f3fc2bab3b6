"""Steps taken for further entries of a batch: those that are there are brought together and sent back."""

from __future__ import annotations

import math

import numpy as np

from nn.history import aligned_empty, aligned_zeros, padded
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
        rows, columns = math.prod(shape), padded(max(1, self.count))
        make = aligned_empty if self.count == columns else aligned_zeros
        together = make((rows, columns), values.dtype)
        steps, there = values.reshape(-1, rows, values.shape[-1]).swapaxes(0, 1), together[:, : self.count]
        if self._columns is None:
            there.reshape(rows, self._steps, self._active)[...] = steps[..., : self._active]
        else:
            there[...] = steps.reshape(rows, -1)[:, self._columns]
        return together.reshape(*shape, columns)

    def spread(self, together: np.ndarray) -> np.ndarray:
        """Send what `gather` brought together back, zero where no step is: to (steps, *shape, N)."""
        shape, steps, histories = together.shape[:-1], self._steps, self._histories
        rows = math.prod(shape)
        make = aligned_empty if self.count == steps * histories else aligned_zeros
        spread = make((steps, rows, histories), together.dtype)
        places, there = spread.swapaxes(0, 1), together.reshape(rows, -1)[:, : self.count]
        if self._columns is None:
            places[..., : self._active] = there.reshape(rows, steps, self._active)
        else:
            places[:, *np.divmod(self._columns, histories)] = there
        return spread.reshape(steps, *shape, histories)
