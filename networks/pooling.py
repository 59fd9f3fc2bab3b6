"""Pooling, plain: the reference. Every output pixel summarises a window of the input, channel by channel.

    window of (row, column) = rows    row * stride - padding    up to  + window height,
                              columns column * stride - padding up to  + window width,
                              as far as they lie within the image
    max       value = the greatest number in the window
    average   value = the sum of the window / (window height * window width)

and backwards, with signal = dLoss / d value:

    max       the first pixel with the greatest number gets the signal, all others get zero
    average   every pixel of the window gets signal / (window height * window width)

So pixels beyond the image count as zeros in an average, as in PyTorch: the corner of an image of ones, with
windows of 3 x 3 and a padding of 1, becomes 4 / 9. Without `count_padding` it is divided by the number of
pixels within the image, and becomes 1. Padding is never the maximum, and NaN counts as greater than any
number. A pixel in several windows sums what it gets. (Max: Riesenhuber and Poggio 1999, "Hierarchical models
of object recognition in cortex". Average: LeCun et al. 1998, "Gradient-based learning applied to document
recognition", section II. Global max: Oquab et al. 2015, "Is object localization for free?". Global average:
Lin, Chen and Yan 2014, "Network in network", section 3.2.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals, image_shape
from networks.base.configuration import Fields
from networks.base.weightless import Weightless
from networks.base.window_wiring import PoolingWiring
from networks.base.wiring import NeuronLayer
from nn.shape import AnyShape, Shape
from nn.windows import Kernel, as_pair


class Pooling(Weightless):
    """Looks at an image through windows.

    Parameters
    ----------
    input_shape
        Height, width and channels; the number of channels stays the same.
    window
        Height and width of a window, or one number for both.
    stride
        How far apart windows are, in rows and columns; by default they lie side by side.
    padding
        Rows and columns that the outermost windows may reach beyond the image, at most half a window.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When no window fits into the image, or padding is more than half a window.
    """

    input_shape: Shape
    output_shape: Shape

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        window: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        shape = image_shape(self.family, input_shape)
        self.window, self.padding = as_pair(window, "window"), as_pair(padding, "padding")
        self.stride = self.window if stride is None else as_pair(stride, "stride")
        if self.padding[0] > self.window[0] // 2 or self.padding[1] > self.window[1] // 2:
            raise ValueError(f"{self.family}: padding {padding} is more than half of the window {window}")
        try:
            windows = Kernel(self.window, self.stride, self.padding, (1, 1)).over(shape.height, shape.width)
        except ValueError as error:
            raise ValueError(f"{self.family}: {error}") from None
        self.windows = windows
        rows, columns = windows.rows.windows, windows.columns.windows
        super().__init__(shape, image_shape(self.family, (rows, columns, shape.channels)), dtype)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        options = {"window": list(self.window), "stride": list(self.stride), "padding": list(self.padding)}
        return {**super().to_configuration(), **options}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {name: fields.pair(name) for name in ("window", "stride", "padding")}

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the inputs."""
        return input_range


class MaxPooling(Pooling):
    """Keeps the greatest number of every window, the first of equal ones; see `Pooling`."""

    family = "max_pooling"

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._values = np.full((*self.output_shape, values.shape[-1]), -np.inf, self.dtype)
        self._winners = np.full(self._values.shape, -1, self.dtype)
        for number, tap in enumerate(self.windows.taps()):
            pixels, greatest = values[tap.pixels], self._values[tap.windows]
            greater = (pixels > greatest) | np.isnan(pixels) | (self._winners[tap.windows] < 0)
            greatest[greater] = pixels[greater]
            self._winners[tap.windows][greater] = number
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        check_signals(self, signals)
        self._signals = signals
        input_signals = np.zeros((*self.input_shape, signals.shape[-1]), self.dtype)
        for number, tap in enumerate(self.windows.taps()):
            won = self._winners[tap.windows] == number
            input_signals[tap.pixels] += np.where(won, signals[tap.windows], 0)
        return input_signals

    def values_of_winners(self, values: np.ndarray) -> np.ndarray:
        """Return, of values (H, W, C, N), those in the places that were the greatest in the last forward."""
        check_input(self, values, self.input_shape, "values")
        winners = self._winners[..., : values.shape[-1]]
        chosen = np.zeros(winners.shape, self.dtype)
        for number, tap in enumerate(self.windows.taps()):
            won = winners[tap.windows] == number
            chosen[tap.windows][won] = values[tap.pixels][won]
        return chosen

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        wiring = PoolingWiring(self.windows, self.input_shape.channels, averages=False)
        return [self._neuron_layer(wiring)]


class AveragePooling(Pooling):
    """Averages every window; see `Pooling`.

    Parameters
    ----------
    input_shape, window, stride, padding, dtype
        As for `Pooling`.
    count_padding
        Whether pixels beyond the image count as zeros, the default; otherwise only those within it are
        averaged.
    """

    family = "average_pooling"

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        window: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        count_padding: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(input_shape, window=window, stride=stride, padding=padding, dtype=dtype)
        self.count_padding = count_padding

    def _counts(self) -> np.ndarray:
        """Return how many pixels of every window are averaged, (rows, columns, 1, 1)."""
        shape = (*self.output_shape[:2], 1, 1)
        if self.count_padding:
            return np.full(shape, self.window[0] * self.window[1], self.dtype)
        counts = np.zeros(shape, self.dtype)
        for tap in self.windows.taps():
            counts[tap.windows] += 1
        return counts

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        sums = np.zeros((*self.output_shape, values.shape[-1]))  # in float64: windows may be large
        for tap in self.windows.taps():
            sums[tap.windows] += values[tap.pixels]
        self._values = (sums / self._counts()).astype(self.dtype)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        check_signals(self, signals)
        self._signals = signals
        shares = signals / self._counts()
        input_signals = np.zeros((*self.input_shape, signals.shape[-1]))
        for tap in self.windows.taps():
            input_signals[tap.pixels] += shares[tap.windows]
        return input_signals.astype(self.dtype)

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the inputs, with zero where padding counts."""
        if not (self.count_padding and any(self.padding)):
            return input_range
        return min(input_range[0], 0.0), max(input_range[1], 0.0)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return {**super().to_configuration(), "count_padding": self.count_padding}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {**super()._options(fields), "count_padding": fields.boolean("count_padding")}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        area = self.window[0] * self.window[1] if self.count_padding else None
        wiring = PoolingWiring(self.windows, self.input_shape.channels, averages=True, area=area)
        return [self._neuron_layer(wiring)]


class GlobalPooling(Pooling):
    """One window, as large as the image: the output is (1, 1, channels).

    Parameters
    ----------
    input_shape
        Height, width and channels.
    dtype
        float32 or float64.
    """

    def __init__(self, input_shape: AnyShape, *, dtype: DTypeLike = np.float32) -> None:
        height, width, _ = image_shape(self.family, input_shape)
        super().__init__(input_shape, window=(height, width), dtype=dtype)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return Weightless.to_configuration(self)

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {}


class GlobalMaxPooling(GlobalPooling, MaxPooling):
    """Keeps the greatest number of every channel; see `GlobalPooling`."""

    family = "global_max_pooling"


class GlobalAveragePooling(GlobalPooling, AveragePooling):
    """Averages every channel; see `GlobalPooling`."""

    family = "global_average_pooling"
