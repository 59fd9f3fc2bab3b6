"""How far parameters have moved since a chosen moment."""

from __future__ import annotations

import numpy as np

from networks.base.wiring import Rows
from nn.data.memory import require_memory
from workbench.inspect.anatomy import Anatomy

SMALLER = "end other programs, or train a smaller network"
PART = 1 << 20
"""Weights that are compared at a time, so that temporary arrays stay small."""


class Baseline:
    """A copy of all parameters, from which changes are measured.

    Parameters
    ----------
    anatomy
        Of the network.

    Raises
    ------
    DataError
        When there is no memory for the copy.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        parameters = anatomy.network.parameters
        require_memory(parameters.values.nbytes, "the copy from which changes are measured", SMALLER)
        self._anatomy = anatomy
        self._then = parameters.values.copy()

    def change(self) -> np.ndarray:
        """Return how much the bias of every neuron and the weights into it have changed.

        Returns
        -------
        ndarray
            The root of the mean square over bias and weights, float32 (neurons of all layers,); NaN for
            neurons that have neither, such as those of inputs.
        """
        anatomy = self._anatomy
        now = anatomy.network.parameters.values
        squares, counts = np.zeros(anatomy.neurons), np.zeros(anatomy.neurons)
        with np.errstate(over="ignore", invalid="ignore"):
            for number, layer in enumerate(anatomy.layers[anatomy.inputs :], anatomy.inputs):
                own = slice(layer.offset, layer.offset + layer.shape.size)
                for rows in anatomy.rows(number):
                    weighted = rows.row_of >= 0
                    row_of = rows.row_of[weighted]
                    squares[own][weighted] += self._row_squares(rows, now)[row_of]
                    counts[own][weighted] += rows.sizes[row_of]
            biased = np.flatnonzero(anatomy.bias_places >= 0)
            places = anatomy.bias_places[biased]
            squares[biased] += np.square(now[places] - self._then[places])
            counts[biased] += 1
            return np.sqrt(squares / counts).astype(np.float32)

    def _row_squares(self, rows: Rows, now: np.ndarray) -> np.ndarray:
        """Return the sum of the squared changes of every row, a part of the rows at a time."""
        sums = np.empty(len(rows.starts))
        ends = np.cumsum(rows.sizes)
        first = 0
        while first < len(ends):
            last = max(first + 1, int(np.searchsorted(ends, rows.starts[first] + PART, side="right")))
            begin, end = int(rows.starts[first]), int(ends[last - 1])
            places: slice | np.ndarray
            if isinstance(rows.places, slice):
                places = slice(rows.places.start + begin, rows.places.start + end)
            else:
                places = rows.places[begin:end]
            squares = np.square(now[places] - self._then[places])
            sums[first:last] = np.add.reduceat(squares, rows.starts[first:last] - begin, dtype=np.float64)
            first = last
        return sums
