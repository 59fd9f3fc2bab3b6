"""Pooling, plain: the reference. Every output pixel summarises a window of the input, channel by channel.

    window of (row, column) = rows    row * stride - padding    up to  + window height,
                              columns column * stride - padding up to  + window width,
                              as far as they lie within the image
    max       value = the greatest number in the window
    average   value = the sum of the window / its number of pixels

and backwards, with signal = dLoss / d value:

    max       the first pixel that is the greatest gets the signal, all others nothing
    average   every pixel of the window gets signal / the number of pixels

A pixel in several windows adds up what it gets. (Max: Riesenhuber and Poggio 1999, "Hierarchical models of
object recognition in cortex", equation 2. Average: LeCun et al. 1990, "Handwritten digit recognition with a
back-propagation network", section 3. Global average: Lin et al. 2014, "Network in network", section 3.2.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.configuration import Fields
from networks.network import check_input, check_signals
from networks.weightless import Weightless, image_shape, pair
from nn.image import Box
from nn.shape import AnyShape, Shape


class Pooling(Weightless):
    """Looks at an image through windows.

    Parameters
    ----------
    input_shape
        Height, width and channels; the channels stay what they are.
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
        window: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        shape = image_shape(self.family, input_shape)
        self.window = pair(self.family, "window", window)
        self.stride = self.window if stride is None else pair(self.family, "stride", stride)
        self.padding = pair(self.family, "padding", padding, least=0)
        rows, columns = (self._windows_along(shape, axis) for axis in (0, 1))
        super().__init__(shape, Shape(rows, columns, shape.channels), dtype)

    def _windows_along(self, shape: Shape, axis: int) -> int:
        side, window, padding = shape[axis], self.window[axis], self.padding[axis]
        if padding > window // 2:
            raise ValueError(f"{self.family}: padding {padding} is more than half of window {window}")
        if window > side + 2 * padding:
            raise ValueError(f"{self.family}: window {window} does not fit into {shape} padded by {padding}")
        return (side + 2 * padding - window) // self.stride[axis] + 1

    def windows(self) -> Iterator[tuple[int, int, Box]]:
        """Yield row and column of every output pixel, and the window that it sees."""
        for row in range(self.output_shape[0]):
            top = row * self.stride[0] - self.padding[0]
            bottom = min(top + self.window[0], self.input_shape.height)
            for column in range(self.output_shape[1]):
                left = column * self.stride[1] - self.padding[1]
                right = min(left + self.window[1], self.input_shape.width)
                yield row, column, Box(max(top, 0), max(left, 0), bottom, right)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        options = {"window": list(self.window), "stride": list(self.stride), "padding": list(self.padding)}
        return {**super().to_configuration(), **options}

    @staticmethod
    def _options(fields: Fields) -> dict[str, Any]:
        return {name: tuple(fields.items(name)) for name in ("window", "stride", "padding")}

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the inputs."""
        return input_range


class MaxPooling(Pooling):
    """Keeps the greatest number of every window, of equal ones the first; see `Pooling`."""

    family = "max_pooling"

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._values = np.empty((*self.output_shape, values.shape[-1]), self.dtype)
        self._winners = np.empty_like(self._values)
        for row, column, box in self.windows():
            window = values[box.top : box.bottom, box.left : box.right]
            pixels = window.reshape(box.pixels, *window.shape[2:])
            self._values[row, column] = pixels.max(axis=0)
            self._winners[row, column] = pixels.argmax(axis=0)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        check_signals(self, signals)
        self._signals = signals
        input_signals = np.zeros((*self.input_shape, signals.shape[-1]), self.dtype)
        for row, column, box in self.windows():
            pixels = np.arange(box.pixels).reshape(box.height, box.width, 1, 1)
            won = self._winners[row, column] == pixels
            input_signals[box.top : box.bottom, box.left : box.right] += np.where(
                won, signals[row, column], 0
            )
        return input_signals


class AveragePooling(Pooling):
    """Averages every window; see `Pooling`.

    Parameters
    ----------
    count_padding
        Whether pixels beyond the image count as zeros. Otherwise only those within it are averaged.
    """

    family = "average_pooling"

    def __init__(self, input_shape: AnyShape, *, count_padding: bool = True, **options: Any) -> None:
        super().__init__(input_shape, **options)
        self.count_padding = count_padding

    def _pixels(self, box: Box) -> int:
        """Return the number of pixels that are averaged."""
        return self.window[0] * self.window[1] if self.count_padding else box.pixels

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._values = np.empty((*self.output_shape, values.shape[-1]), self.dtype)
        for row, column, box in self.windows():
            window = values[box.top : box.bottom, box.left : box.right]
            self._values[row, column] = window.sum(axis=(0, 1)) / self._pixels(box)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        check_signals(self, signals)
        self._signals = signals
        input_signals = np.zeros((*self.input_shape, signals.shape[-1]), self.dtype)
        for row, column, box in self.windows():
            share = signals[row, column] / self._pixels(box)
            input_signals[box.top : box.bottom, box.left : box.right] += share
        return input_signals

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the inputs, with zero where padding counts."""
        if not (self.count_padding and any(self.padding)):
            return input_range
        return min(input_range[0], 0.0), max(input_range[1], 0.0)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return {**super().to_configuration(), "count_padding": self.count_padding}

    @staticmethod
    def _options(fields: Fields) -> dict[str, Any]:
        return {**Pooling._options(fields), "count_padding": fields.boolean("count_padding")}


class GlobalPooling(Pooling):
    """One window, as large as the image: what is left is (1, 1, channels).

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

    @staticmethod
    def _options(fields: Fields) -> dict[str, Any]:
        return {}


class GlobalMaxPooling(GlobalPooling, MaxPooling):
    """Keeps the greatest number of every channel; see `GlobalPooling`."""

    family = "global_max_pooling"


class GlobalAveragePooling(GlobalPooling, AveragePooling):
    """Averages every channel; see `GlobalPooling`."""

    family = "global_average_pooling"
