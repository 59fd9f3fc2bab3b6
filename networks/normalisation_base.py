"""What batch and layer normalisation share: a scale, a shift, and the numbers of the last passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from networks.checks import check_dtype
from networks.described import Described
from nn.parameters import Parameters
from nn.shape import AnyShape, as_shape


class Normalisation(Described):
    """A network that brings numbers to mean zero and variance one, then scales and shifts them.

    Parameters
    ----------
    input_shape
        Of the values and the outputs.
    parameter_shape
        Of the scale, which starts at one, and of the shift, which starts at zero: the last axes of the
        input shape.
    epsilon
        Added to variances.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When epsilon is not above zero.
    """

    def __init__(
        self, input_shape: AnyShape, parameter_shape: tuple[int, ...], epsilon: float, dtype: DTypeLike
    ) -> None:
        if not epsilon > 0:
            raise ValueError(f"{self.family}: epsilon {epsilon} must be above 0")
        self.input_shape = self.output_shape = as_shape(input_shape)
        self.epsilon = epsilon
        shapes = {"scale": parameter_shape, "shift": parameter_shape}
        self.parameters = Parameters(shapes, check_dtype(dtype))
        self.parameters["scale"][...] = 1
        self._inputs = self._values = self._signals = np.zeros((*self.input_shape, 0), self.dtype)
        self._histories = 0

    @staticmethod
    def _lay_out(values: np.ndarray) -> np.ndarray:
        """Return values (..., N) as a rung wants them to lie in memory."""
        return values

    def _flat(self, values: np.ndarray) -> np.ndarray:
        """Return values (*shape, N) as (groups, numbers with a scale of their own, N)."""
        laid_out = self._lay_out(values)
        return laid_out.reshape(-1, self.parameters["scale"].size, laid_out.shape[-1])

    def _shaped(self, flat: np.ndarray) -> np.ndarray:
        """Return what `_flat` made flat, without the histories a rung has filled up."""
        return flat.reshape(*self.input_shape, -1)[..., : self._histories]

    @property
    def values(self) -> np.ndarray:
        """Output values (*shape, N) of the last forward."""
        return self._shaped(self._values)

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*shape, N) in the last backward."""
        return self._shaped(self._signals)

    @property
    def connections(self) -> int:
        """None: every output has its own input."""
        return 0
