"""Upsampling, plain: the reference. Images with `factor` times as many rows and columns.

    nearest    value[y, x] = input[y // factor, x // factor]
    bilinear   value[y, x] = sum over i, j of rows[y, i] * input[i, j] * columns[x, j]

where row y of the output lies at s = max((y + 1/2) / factor - 1/2, 0) of the input (the corners of both
images coincide, not the centres of their corner pixels) and

    rows[y, floor(s)]     = 1 - (s - floor(s))
    rows[y, floor(s) + 1] = s - floor(s)        the last row is repeated beyond it

and `columns` likewise. Backwards, with signal = dLoss / d value, every output pixel sends its signal back to
the input pixels it was computed from, with the same weights:

    nearest    signal[i, j] = sum of the signals of its factor x factor block
    bilinear   signal[i, j] = sum over y, x of rows[y, i] * signal[y, x] * columns[x, j]

(Nearest: Odena, Dumoulin and Olah 2016, "Deconvolution and checkerboard artifacts". Bilinear: Shelhamer, Long
and Darrell 2017, "Fully convolutional networks for semantic segmentation", section 3.3.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals, image_shape
from networks.base.configuration import Fields
from networks.base.weightless import Weightless
from networks.base.window_wiring import UpsamplingWiring
from networks.base.wiring import NeuronLayer
from nn.shape import AnyShape, Shape
from nn.sums import total
from nn.windows import as_pair


class Upsampling(Weightless):
    """Makes an image larger.

    Parameters
    ----------
    input_shape
        Height, width and channels.
    factor
        By how much rows and columns are multiplied, or one number for both.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the factor is below 1.
    """

    input_shape: Shape
    output_shape: Shape

    def __init__(
        self, input_shape: AnyShape, *, factor: int | Sequence[int], dtype: DTypeLike = np.float32
    ) -> None:
        shape = image_shape(self.family, input_shape)
        self.factor = as_pair(factor, "factor")
        if min(self.factor) < 1:
            raise ValueError(f"{self.family}: factor {factor} must be at least 1")
        rows, columns = shape.height * self.factor[0], shape.width * self.factor[1]
        super().__init__(shape, image_shape(self.family, (rows, columns, shape.channels)), dtype)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return {**super().to_configuration(), "factor": list(self.factor)}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {"factor": fields.pair("factor")}

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the inputs."""
        return input_range


class NearestUpsampling(Upsampling):
    """Repeats every pixel; see `Upsampling`."""

    family = "nearest_upsampling"

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._values = values.repeat(self.factor[0], axis=0).repeat(self.factor[1], axis=1)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        check_signals(self, signals)
        self._signals = signals
        (rows, columns), (height, width, channels) = self.factor, self.input_shape
        blocks = signals.reshape(height, rows, width, columns, channels, -1)
        return total(blocks, axis=(1, 3))

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        shares = [
            np.repeat(np.eye(side), factor, axis=0)
            for side, factor in zip(self.input_shape[:2], self.factor, strict=True)
        ]
        rows, columns = shares
        return [self._neuron_layer(UpsamplingWiring(rows, columns, self.input_shape.channels))]


class BilinearUpsampling(Upsampling):
    """Averages the four nearest pixels, weighted by how near they are; see `Upsampling`."""

    family = "bilinear_upsampling"

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        between = values
        for axis in (1, 0):
            lower, upper, distances = self._neighbours(axis, values.dtype)
            between = (1 - distances) * between.take(lower, axis) + distances * between.take(upper, axis)
        self._values = between
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        check_signals(self, signals)
        self._signals = signals
        sums = signals.astype(np.float64)  # factors may be large
        for axis in (0, 1):
            lower, upper, distances = self._neighbours(axis, sums.dtype)
            parts, sides = (1 - distances) * sums, distances * sums
            sums = np.zeros((*sums.shape[:axis], self.input_shape[axis], *sums.shape[axis + 1 :]))
            for rows, each in ((lower, parts), (upper, sides)):
                np.add.at(np.moveaxis(sums, axis, 0), rows, np.moveaxis(each, axis, 0))
        return sums.astype(self.dtype)

    def _neighbours(self, axis: int, dtype: DTypeLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what `neighbours` returns, distances shaped to weight (H, W, C, N) along an axis."""
        lower, upper, distances = neighbours(self.input_shape[axis], self.factor[axis])
        return lower, upper, distances.astype(dtype).reshape(-1, *(1,) * (3 - axis))

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        shares = []
        for side, factor in zip(self.input_shape[:2], self.factor, strict=True):
            lower, upper, distances = neighbours(side, factor)
            each = np.zeros((side * factor, side))
            each[np.arange(len(each)), lower] += 1 - distances
            each[np.arange(len(each)), upper] += distances
            shares.append(each)
        rows, columns = shares
        return [self._neuron_layer(UpsamplingWiring(rows, columns, self.input_shape.channels))]


def neighbours(side: int, factor: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the two input rows between which every output row lies, and how far it is from the first.

    Parameters
    ----------
    side
        Number of input rows.
    factor
        Output rows per input row.

    Returns
    -------
    tuple of ndarray
        Rows before and after, int64 (factor * side), and the distance from the row before, float64.
    """
    places = np.maximum((np.arange(factor * side) + 0.5) / factor - 0.5, 0)
    lower = places.astype(np.int64)
    return lower, np.minimum(lower + 1, side - 1), places - lower
