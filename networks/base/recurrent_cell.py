"""A cell: one step of a recurrent network, from states that are given to states that are returned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.configuration import Fields
from networks.base.recurrent import Recurrent
from nn.initializers import Glorot, Initializer, Orthogonal
from nn.shape import SequenceShape, Shape, ShapeLike, layer_shape


class RecurrentCell(Recurrent):
    """Makes a cell of the recurrent network that a class is derived from beside this one.

    Parameters
    ----------
    input_shape
        1 x 1 x inputs; the output is 1 x 1 x units.
    units, initializer, recurrent_initializer, generator, dtype
        See `networks.base.recurrent.Recurrent`.

    Raises
    ------
    ValueError
        When the input is more than one step's features, or `units` is below 1.
    """

    masks_steps = False

    def __init__(
        self,
        input_shape: ShapeLike,
        *,
        units: int,
        generator: np.random.Generator,
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        recurrent_initializer: Initializer = Orthogonal(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._begin(
            input_shape,
            units=units,
            generator=generator,
            initializer=initializer,
            recurrent_initializer=recurrent_initializer,
            dtype=dtype,
        )

    def _begin(self, input_shape: ShapeLike, **options: Any) -> None:
        """Build the network of one step; its constructor is given the options."""
        shape = layer_shape(f"{self.family}: input_shape", input_shape)
        if not isinstance(shape, Shape) or shape[:2] != (1, 1):
            raise ValueError(f"{self.family}: the input {shape} is not a single step: give 1 x 1 x inputs")
        super().__init__(SequenceShape(1, shape.channels), whole_sequence=False, **options)
        self.input_shape = shape

    def _arrangement(self) -> dict[str, Any]:
        """A cell has one layer and one direction."""
        return {}

    @classmethod
    def _arrangement_options(cls, fields: Fields) -> dict[str, Any]:
        return {}
