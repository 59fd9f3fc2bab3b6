"""What batch and layer normalisation share: a scale, a shift, and the numbers of the last passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype
from networks.base.network import Network
from networks.base.steps import Steps
from nn.argument_checks import check_positive
from nn.parameters import Parameters
from nn.shape import AnyShape, Shape, as_shape


class Normalisation(Network):
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
        When epsilon is not a finite number above zero.
    """

    def __init__(
        self, input_shape: AnyShape, parameter_shape: tuple[int, ...], epsilon: float, dtype: DTypeLike
    ) -> None:
        self.input_shape = self.output_shape = as_shape(input_shape)
        self.epsilon = check_positive(f"{self.family}: epsilon", epsilon)
        shapes = {"scale": parameter_shape, "shift": parameter_shape}
        self.parameters = Parameters(shapes, check_dtype(dtype))
        self.parameters["scale"][...] = 1
        self._inputs = self._values = self._signals = np.zeros((*self.input_shape, 0), self.dtype)
        self._histories = 0
        self._steps: Steps | None = None
        self._layout_of_signals: tuple[int, Steps | None] = 0, None

    @property
    def masks_steps(self) -> bool:  # type: ignore[override]
        """Whether its values have steps: those that are not there are not measured, and give zeros."""
        return not isinstance(self.input_shape, Shape)

    def _begin(self, histories: int, active: int) -> None:
        """Remember how many histories there are, and which steps are there where a mask says it."""
        self._histories, self._steps = histories, None
        mask = self.checked_step_mask(histories)
        if mask is not None:
            self._steps = Steps(self.input_shape[0], histories, active, mask)

    @staticmethod
    def _lay_out(values: np.ndarray) -> np.ndarray:
        """Return values (..., N) as a rung wants them to lie in memory."""
        return values

    def _flat(self, values: np.ndarray) -> np.ndarray:
        """Return values (*shape, N) as (groups, numbers with a scale of their own, N).

        Where a mask leaves steps out, those that are there are taken for histories.
        """
        if self._steps is not None:
            values = self._steps.gather(values, self.input_shape[1:])
        laid_out = self._lay_out(values)
        return laid_out.reshape(-1, self.parameters["scale"].size, laid_out.shape[-1])

    def _shaped(self, flat: np.ndarray) -> np.ndarray:
        """Return what `_flat` made flat, without the histories a rung has filled up."""
        return self._spread(flat, self._histories, self._steps)

    def _spread(self, flat: np.ndarray, histories: int, steps: Steps | None) -> np.ndarray:
        if steps is not None:
            return steps.spread(flat.reshape(*self.input_shape[1:], -1)).reshape(*self.input_shape, -1)
        return flat.reshape(*self.input_shape, -1)[..., :histories]

    def _keep(self, signals: np.ndarray) -> None:
        """Keep signals that are flat; they stay those of their batch when a forward of another follows."""
        self._signals, self._layout_of_signals = signals, (self._histories, self._steps)

    @property
    def values(self) -> np.ndarray:
        """Output values (*shape, N) of the last forward."""
        return self._shaped(self._values)

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*shape, N) in the last backward."""
        return self._spread(self._signals, *self._layout_of_signals)

    @property
    def connections(self) -> int:
        """None: every output has its own input."""
        return 0

    def _scales_and_shifts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where the scale and the shift of every neuron lie, int64 (neurons,) each."""
        numbers = np.arange(self.output_shape.size) % self.parameters["scale"].size
        return self._place_of("scale") + numbers, self._place_of("shift") + numbers
