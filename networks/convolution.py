"""Convolution, plain: the reference. Windows of an image that share their weights, and the transpose.

With w a window, t a tap of the kernel, p(w, t) = w * stride - padding + t * dilation the pixel it sees,
o a channel of the windows and i one of the image, two maps and a gradient are all there is:

    gather       window[w, o]   = sum over t, i of  weight[o, t, i] * pixel[p(w, t), i]
    spread       pixel[p, i]    = sum over w, t with p(w, t) = p, and o, of  weight[o, t, i] * window[w, o]
    correlate    dweight[o, t, i] = sum over w and histories of  window[w, o] * pixel[p(w, t), i]

A convolution gathers forwards and spreads its deltas back; a transposed convolution spreads forwards and
gathers its deltas back. (LeCun et al. 1998, "Gradient-based learning applied to document recognition",
section II; Zeiler et al. 2010, "Deconvolutional networks"; Dumoulin and Visin 2016, section 4.)
A kernel is not turned round: this is a correlation, as everywhere in the field.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_activation, check_dtype, check_input, check_signals, image_shape
from networks.base.configuration import Fields, undrawn
from networks.base.gradient_targets import apply_gradient
from networks.base.network import Network
from networks.base.window_wiring import WindowWiring
from networks.base.wiring import NeuronLayer
from nn.activations import Activation, LeakyReLU
from nn.argument_checks import check_count
from nn.initializers import BiasInitializer, Glorot, Initializer
from nn.parameters import Parameters
from nn.shape import Shape
from nn.sums import total
from nn.windows import Kernel, Padding, Pair, Windows, as_pair


def gather(windows: Windows, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum every window of an image (H, W, C, N): (rows, columns, window channels, N)."""
    shape = windows.rows.windows, windows.columns.windows, len(weights), values.shape[-1]
    sums = np.zeros(shape, values.dtype)
    for tap in windows.taps():
        sums[tap.windows] += weights[:, tap.row, tap.column] @ values[tap.pixels]
    return sums


def spread(windows: Windows, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Let every window (rows, columns, channels, N) add to the pixels it sees: an image (H, W, C, N)."""
    shape = windows.rows.length, windows.columns.length, weights.shape[-1], values.shape[-1]
    image = np.zeros(shape, values.dtype)
    for tap in windows.taps():
        image[tap.pixels] += weights[:, tap.row, tap.column].T @ values[tap.windows]
    return image


def correlate(windows: Windows, sources: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Sum window times pixel over all pairs that a weight connects: an array shaped as the weights."""
    size = windows.rows.kernel, windows.columns.kernel
    gradient = np.zeros((sources.shape[2], *size, image.shape[2]), image.dtype)
    for tap in windows.taps():
        pairs = sources[tap.windows], image[tap.pixels]
        gradient[:, tap.row, tap.column] = np.tensordot(*pairs, axes=((0, 1, 3), (0, 1, 3)))
    return gradient


class Convolution(Network):
    """A convolutional layer: each output pixel sees a window of the image, all with the same weights.

    Parameters
    ----------
    input_shape
        The image.
    channels
        Channels of the output. Its height is (height + padding above and below - span) // stride + 1,
        with span = (kernel - 1) * dilation + 1; its width likewise.
    kernel, stride, dilation
        One number, or one for the rows and one for the columns.
    padding
        Zeros on each side, likewise; or "same": as many as keep the image's size, where the stride is 1
        (with an even span, one more below and to the right than above and to the left).
    activation, initializer, bias, generator, dtype
        As for `networks.dense.Dense`. Weights are (channels, kernel rows, kernel columns, input
        channels), biases (channels,).

    Raises
    ------
    ValueError
        When the kernel does not fit into the image, or a number is too small.
    """

    family = "convolution"
    _spreads = False
    _forwards = staticmethod(gather)
    _backwards = staticmethod(spread)
    input_shape: Shape
    output_shape: Shape
    activation: Activation

    def __init__(
        self,
        input_shape: Shape,
        *,
        channels: int,
        kernel: int | Pair,
        generator: np.random.Generator,
        stride: int | Pair = 1,
        padding: Padding = 0,
        dilation: int | Pair = 1,
        activation: Activation = LeakyReLU(),  # noqa: B008 - frozen
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        bias: BiasInitializer = BiasInitializer(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        channels = check_count(f"{self.family}: channels", channels)
        self.input_shape = image_shape(self.family, input_shape)
        self.activation = check_activation(self.family, activation)
        try:
            self.kernel = Kernel(
                as_pair(kernel, "kernel"),
                as_pair(stride, "stride"),
                "same" if padding == "same" else as_pair(padding, "padding"),
                as_pair(dilation, "dilation"),
            )
            self.windows, self.output_shape = self._lay_out(channels)
        except ValueError as error:
            raise ValueError(f"{self.family}: {error}") from None
        shapes = {"weights": self._weight_shape(), "biases": (channels,)}
        self.parameters = Parameters(shapes, check_dtype(dtype))
        self._initialize(initializer, bias, generator)
        self._inputs = np.zeros((*self.input_shape, 0), self.dtype)
        self._values = np.zeros((*self.output_shape, 0), self.dtype)
        self._signals = self._values

    def _lay_out(self, channels: int) -> tuple[Windows, Shape]:
        """Return the windows, and the shape of the output."""
        windows = self.kernel.over(self.input_shape.height, self.input_shape.width)
        return windows, image_shape(self.family, (windows.rows.windows, windows.columns.windows, channels))

    def _weight_shape(self) -> tuple[int, ...]:
        return self.output_shape.channels, *self.kernel.size, self.input_shape.channels

    def _initialize(
        self, initializer: Initializer, bias: BiasInitializer, generator: np.random.Generator
    ) -> None:
        weights, biases = self.parameters["weights"], self.parameters["biases"]
        fans = self._fans()
        options: dict[str, Any] = {"generator": generator, "dtype": self.dtype}
        matrix = len(weights), weights[0].size
        weights[...] = initializer(matrix, *fans, **options).reshape(weights.shape)
        biases[:] = bias(biases.shape, **options)

    def _fans(self) -> tuple[int, int]:
        """Return connections into an output, and out of an input, away from the edges."""
        taps, steps = math.prod(self.kernel.size), math.prod(self.kernel.stride)
        return taps * self.input_shape.channels, max(1, round(taps * self.output_shape.channels / steps))

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._inputs = values
        sums = self._forwards(self.windows, self.parameters["weights"], values)
        self._values = self.activation(sums + self.parameters["biases"][:, None])
        return self._values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = signals
        deltas = signals * self.activation.derivative(self._values)
        input_signals = self._backwards(self.windows, self.parameters["weights"], deltas)
        weight_gradient = correlate(self.windows, *self._sides(deltas))
        apply_gradient(self.parameters, "weights", weight_gradient, learning_rate)
        apply_gradient(self.parameters, "biases", total(deltas, axis=(0, 1, 3)), learning_rate)
        return input_signals

    def _sides(self, deltas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what lies on the side of the windows, and on that of the image they slide over."""
        return deltas, self._inputs

    @property
    def values(self) -> np.ndarray:
        """Output values (H, W, C, N) of the last forward."""
        return self._values

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (H, W, C, N) in the last backward."""
        return self._signals

    @property
    def connections(self) -> int:
        """Connections between neurons: every use of a weight within the image."""
        return self.windows.connections * self.input_shape.channels * self.output_shape.channels

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        kernel = self.kernel
        return super().to_configuration() | {
            "channels": self.output_shape.channels,
            "kernel": list(kernel.size),
            "stride": list(kernel.stride),
            "padding": kernel.padding if isinstance(kernel.padding, str) else list(kernel.padding),
            "dilation": list(kernel.dilation),
            "activation": self.activation.to_configuration(),
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return undrawn() | {
            "channels": fields.whole("channels"),
            **{name: fields.pair(name) for name in ("kernel", "stride", "dilation")},
            "padding": fields.text_or_pair("padding"),
            "activation": fields.activation("activation"),
        }

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        channels = self._weight_shape()[0], self._weight_shape()[-1]
        places = self._place_of("weights"), self._place_of("biases")
        wiring = WindowWiring(self.windows, channels, *places, spreading=self._spreads)
        return [self._neuron_layer(wiring)]


class TransposedConvolution(Convolution):
    """The transpose of a convolution: each input pixel writes a window of the output, adding up.

    It maps images of the size that the convolution makes to images of the size that it takes, so a
    stride makes the image larger. Not its inverse.

    Parameters
    ----------
    input_shape, channels, kernel, stride, padding, dilation
        As for `Convolution`; padding is cut off the output. The output's height is
        (height - 1) * stride + span - padding above and below + output padding; its width likewise.
    output_padding
        More rows below and columns to the right: with a stride, images of several sizes have
        convolutions of one size. Below the larger of stride and dilation.
    activation, initializer, bias, generator, dtype
        As for `networks.dense.Dense`. Weights are (input channels, kernel rows, kernel columns,
        channels): those of the convolution that it transposes.

    Raises
    ------
    ValueError
        When the padding cuts off everything, or a number is too small or too large.
    """

    family = "transposed_convolution"
    _spreads = True
    _forwards = staticmethod(spread)
    _backwards = staticmethod(gather)

    def __init__(
        self,
        input_shape: Shape,
        *,
        channels: int,
        kernel: int | Pair,
        generator: np.random.Generator,
        stride: int | Pair = 1,
        padding: Padding = 0,
        dilation: int | Pair = 1,
        output_padding: int | Pair = 0,
        activation: Activation = LeakyReLU(),  # noqa: B008 - frozen
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        bias: BiasInitializer = BiasInitializer(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.output_padding = as_pair(output_padding, "output padding")
        super().__init__(
            input_shape,
            channels=channels,
            kernel=kernel,
            generator=generator,
            stride=stride,
            padding=padding,
            dilation=dilation,
            activation=activation,
            initializer=initializer,
            bias=bias,
            dtype=dtype,
        )

    def _lay_out(self, channels: int) -> tuple[Windows, Shape]:
        windows = self.kernel.under(self.input_shape.height, self.input_shape.width, self.output_padding)
        return windows, image_shape(self.family, (windows.rows.length, windows.columns.length, channels))

    def _weight_shape(self) -> tuple[int, ...]:
        return self.input_shape.channels, *self.kernel.size, self.output_shape.channels

    def _fans(self) -> tuple[int, int]:
        taps, steps = math.prod(self.kernel.size), math.prod(self.kernel.stride)
        return max(1, round(taps * self.input_shape.channels / steps)), taps * self.output_shape.channels

    def _sides(self, deltas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._inputs, deltas

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {"output_padding": list(self.output_padding)}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return super()._options(fields) | {"output_padding": fields.pair("output_padding")}
