"""Local, plain: the reference. Windows of an image, each with weights of its own.

The input image is cut into blocks of A x A pixels; each feeds a block of B x B output pixels, whose
neurons see the window of N x N input pixels centred on the input block, clipped at the edges. With
W the weights of one tile, `window` and `block` its flat values:

    sum[block]      = bias[block] + W value[window]
    value[block]    = f(sum[block])
    delta[block]    = signal[block] * f'(sum[block])
    dW              = sum over histories of delta[block] value[window]^T
    signal[window] += W^T delta[block]

Windows overlap, so the input signals add up. Nothing is shared between tiles: this is the locally
connected layer of LeCun (1989, "Generalization and network design strategies", net-3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_activation, check_dtype, check_input, check_signals, image_shape
from networks.base.configuration import Fields, undrawn
from networks.base.gradient_targets import apply_gradient
from networks.base.local_wiring import LocalWiring
from networks.base.network import Network
from networks.base.wiring import NeuronLayer
from nn.activations import Activation, LeakyReLU
from nn.argument_checks import check_count
from nn.initializers import BiasInitializer, Glorot, Initializer, Zeros
from nn.parameters import Parameters
from nn.shape import Shape
from nn.sums import total
from nn.tiling import Box, Tiling


class Patch(NamedTuple):
    """One tile of one group of channels: where it reads, where it writes, and its weights."""

    window: tuple[slice, slice, slice]
    block: tuple[slice, slice, slice]
    weights: slice


class Local(Network):
    """A locally connected layer.

    Parameters
    ----------
    input_shape
        The image it looks at.
    input_block, window, output_block
        A, N and B; see `nn.tiling.Tiling`. B < A condenses the image, B > A expands it.
    channels
        Channels of the output.
    mixing
        Whether outputs see every input channel. Otherwise output channel c sees input channel
        c // (channels / input channels) alone.
    activation, initializer, bias, generator, dtype
        As for `networks.dense.Dense`. The weights of a tile lie together: group of channels, then
        output pixel and channel, then window pixel and channel.

    Raises
    ------
    ValueError
        When the blocks do not tile the image, or `channels` is not a multiple of the input's
        where channels are not mixed.
    """

    family = "local"
    input_shape: Shape
    output_shape: Shape
    activation: Activation

    def __init__(
        self,
        input_shape: Shape,
        *,
        input_block: int,
        window: int,
        output_block: int,
        channels: int,
        generator: np.random.Generator,
        mixing: bool = True,
        activation: Activation = LeakyReLU(),  # noqa: B008 - frozen
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        bias: BiasInitializer = BiasInitializer(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.input_shape = image_shape(self.family, input_shape)
        self.tiling = Tiling(self.input_shape, input_block, window, output_block)
        self.groups = 1 if mixing else self.input_shape.channels
        if check_count(f"{self.family}: channels", channels) % self.groups:
            raise ValueError(
                f"{channels} output channels are not a multiple of the {self.groups} input channels: "
                "without mixing every input channel has its own outputs"
            )
        sides = self.tiling.output_height, self.tiling.output_width, channels
        self.output_shape = image_shape(self.family, sides)
        self.activation = check_activation(self.family, activation)
        weights = self.tiling.total_pixels * self.input_shape.channels * self.outputs_per_tile
        self.parameters = Parameters(
            {"weights": (weights,), "biases": tuple(self.output_shape)}, check_dtype(dtype)
        )
        self.weight_offsets = self._offsets()
        self._initialize(initializer, bias, generator)
        self._inputs = np.zeros((*self.input_shape, 0), self.dtype)
        self._values = np.zeros((*self.output_shape, 0), self.dtype)
        self._signals = self._values

    @property
    def outputs_per_tile(self) -> int:
        """Neurons in one output block, of one group of channels."""
        return self.tiling.output_block**2 * self.output_shape.channels // self.groups

    def _offsets(self) -> np.ndarray:
        """Return where the weights of each tile begin, and where the last ones end: int64 (tiles + 1,)."""
        channels = self.input_shape.channels
        sizes = self.tiling.window_pixels.ravel() * channels * self.outputs_per_tile
        return np.concatenate([[0], np.cumsum(sizes)])

    def _initialize(
        self, initializer: Initializer, bias: BiasInitializer, generator: np.random.Generator
    ) -> None:
        if not isinstance(initializer, Zeros):
            self._draw_weights(initializer, generator)
        self.parameters["biases"][:] = bias(tuple(self.output_shape), generator=generator, dtype=self.dtype)

    def _draw_weights(self, initializer: Initializer, generator: np.random.Generator) -> None:
        """Draw the weights of every tile and group on their own."""
        outputs, tiling = self.outputs_per_tile, self.tiling
        fan_out = max(1, round(outputs * (tiling.window / tiling.input_block) ** 2))
        for patch in self.patches():
            weights = self.parameters["weights"][patch.weights]
            fan_in = weights.size // outputs
            drawn = initializer((outputs, fan_in), fan_in, fan_out, generator=generator, dtype=self.dtype)
            weights[:] = drawn.ravel()

    def patches(self) -> Iterator[Patch]:
        """Yield every tile of every group of channels, in the order of their weights."""
        inputs = self.input_shape.channels // self.groups
        outputs = self.output_shape.channels // self.groups
        for number, tile in enumerate(self.tiling):
            begin, end = self.weight_offsets[number : number + 2]
            bounds = np.linspace(begin, end, self.groups + 1, dtype=np.int64)
            for group in range(self.groups):
                yield Patch(
                    window=_slices(tile.window, group * inputs, inputs),
                    block=_slices(tile.block, group * outputs, outputs),
                    weights=slice(int(bounds[group]), int(bounds[group + 1])),
                )

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._inputs = values
        sums = np.empty((*self.output_shape, values.shape[-1]), self.dtype)
        for patch in self.patches():
            window = values[patch.window].reshape(-1, values.shape[-1])
            weights = self.parameters["weights"][patch.weights].reshape(self.outputs_per_tile, -1)
            sums[patch.block] = (weights @ window).reshape(sums[patch.block].shape)
        self._values = self.activation(sums + self.parameters["biases"][..., None])
        return self._values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = signals
        deltas = signals * self.activation.derivative(self._values)
        weight_gradient = np.empty_like(self.parameters["weights"])
        input_signals = np.zeros_like(self._inputs)
        for patch in self.patches():
            delta = deltas[patch.block].reshape(self.outputs_per_tile, -1)
            window = self._inputs[patch.window].reshape(-1, delta.shape[1])
            weights = self.parameters["weights"][patch.weights].reshape(self.outputs_per_tile, -1)
            weight_gradient[patch.weights] = (delta @ window.T).ravel()
            input_signals[patch.window] += (weights.T @ delta).reshape(input_signals[patch.window].shape)
        apply_gradient(self.parameters, "weights", weight_gradient, learning_rate)
        apply_gradient(self.parameters, "biases", total(deltas, axis=-1), learning_rate)
        return input_signals

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
        """Number of weights: nothing is shared."""
        return self.parameters["weights"].size

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {
            "input_block": self.tiling.input_block,
            "window": self.tiling.window,
            "output_block": self.tiling.output_block,
            "channels": self.output_shape.channels,
            "mixing": self.groups == 1,
            "activation": self.activation.to_configuration(),
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        sides = ("input_block", "window", "output_block", "channels")
        return undrawn() | {
            **{name: fields.whole(name) for name in sides},
            "mixing": fields.boolean("mixing"),
            "activation": fields.activation("activation"),
        }

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        wiring = LocalWiring(self, self._place_of("weights"), self._place_of("biases"))
        return [self._neuron_layer(wiring)]


def _slices(box: Box, channel: int, channels: int) -> tuple[slice, slice, slice]:
    return slice(box.top, box.bottom), slice(box.left, box.right), slice(channel, channel + channels)
