"""Frozen elements: single parameters that stay constant while the others learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nn.parameters import Parameters
from nn.regularizers import Regularizer


class FrozenElements(Regularizer):
    """Parameters that do not learn, one by one; `Parameters.freeze` is for whole arrays.

    Their gradients are zero in the step and their values are put back after it, whatever the optimizer,
    its momentum or its weight decay did. Put it last among the regularizers: then it undoes their changes
    too.

    A trainer with any regularizer keeps gradients, also where its optimizer is plain descent that backprop
    could apply at once: give it this one only while something is frozen.

    Parameters
    ----------
    indices
        Places in the flat parameters of the trained network, whole numbers (n,).

    Raises
    ------
    ValueError
        When they are not a list of whole numbers, or one is negative. In a step, when there is no such
        parameter; nothing is changed then.
    """

    name = "frozen_elements"

    def __init__(self, indices: ArrayLike = ()) -> None:
        super().__init__()
        self.indices = indices
        self._kept: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def indices(self) -> np.ndarray:
        """Places of the parameters, int64 (n,); any list of such numbers may replace them between steps."""
        return self._indices

    @indices.setter
    def indices(self, indices: ArrayLike) -> None:
        given = np.asarray(indices)
        if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
            raise ValueError(
                f"frozen elements: indices are {given.dtype} {given.shape}, expected a list of whole numbers"
            )
        places = given.astype(np.int64)
        if places.size and places.min() < 0:
            index = given[places.argmin()]
            raise ValueError(f"frozen elements: index {index} is out of range: parameters count from 0")
        self._indices = places
        self._end = int(places.max(initial=-1)) + 1

    def before_step(self, parameters: Parameters) -> float:
        """Clear the gradients and remember the values; there is no penalty."""
        self._kept = None
        if not self._end:
            return 0.0
        if self._end > parameters.size:
            raise ValueError(
                f"frozen elements: index {self._end - 1}, but there are {parameters.size} parameters, from 0"
            )
        parameters.gradients[self._indices] = 0
        self._kept = self._indices, parameters.values[self._indices]
        return 0.0

    def after_step(self, parameters: Parameters) -> None:
        """Put the values back."""
        if self._kept is not None:
            places, values = self._kept
            parameters.values[places] = values

    def to_configuration(self) -> dict[str, Any]:
        """Describe it."""
        return {"name": self.name, "indices": self.indices.tolist()}
