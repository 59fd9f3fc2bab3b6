"""Dense, plain: the reference. Every output neuron is connected to every input neuron.

    sum[o]    = bias[o] + sum over i of weight[o, i] * value[i]
    value[o]  = f(sum[o])

and backwards, with signal = dLoss / d value and delta = dLoss / d sum:

    delta[o]        = signal[o] * f'(sum[o])
    d weight[o, i]  = sum over histories of delta[o] * value[i]
    d bias[o]       = sum over histories of delta[o]
    signal[i]       = sum over o of weight[o, i] * delta[o]

(Rumelhart, Hinton and Williams 1986, equations 1 to 7.) Each line below is one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_activation, check_dtype, check_input, check_signals
from networks.base.configuration import Fields, undrawn
from networks.base.gradient_targets import apply_gradient
from networks.base.network import Network
from networks.base.wiring import AllToAll, NeuronLayer
from nn.activations import Activation, LeakyReLU
from nn.initializers import BiasInitializer, Glorot, Initializer
from nn.parameters import Parameters
from nn.shape import ShapeLike, layer_shape
from nn.sums import total


class Dense(Network):
    """A fully connected layer between two layer images, or sequences.

    Parameters
    ----------
    input_shape, output_shape
        Shapes of both ends; their neurons are connected in flat order. A number of units stands for
        1 x 1 x units.
    activation
        Applied to every sum.
    initializer, bias
        How weights (outputs, inputs) and biases (outputs,) start.
    generator
        Source of the initial weights.
    dtype
        float32 or float64.

    Attributes
    ----------
    input_rows, value_rows, signal_rows
        The last inputs, values and signals with a row for each neuron, (neurons, N).

    Raises
    ------
    ValueError
        When a shape is not one, or a number of units is not a whole number of at least 1.
    """

    family = "dense"
    activation: Activation

    def __init__(
        self,
        input_shape: ShapeLike,
        output_shape: ShapeLike,
        *,
        generator: np.random.Generator,
        activation: Activation = LeakyReLU(),  # noqa: B008 - frozen
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        bias: BiasInitializer = BiasInitializer(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.input_shape = layer_shape(f"{self.family}: input_shape", input_shape)
        self.output_shape = layer_shape(f"{self.family}: output_shape", output_shape)
        self.activation = check_activation(self.family, activation)
        outputs, inputs = self.output_shape.size, self.input_shape.size
        self.parameters = Parameters({"weights": (outputs, inputs), "biases": (outputs,)}, check_dtype(dtype))
        options: dict[str, Any] = {"generator": generator, "dtype": self.dtype}
        self.parameters["weights"][:] = initializer((outputs, inputs), inputs, outputs, **options)
        self.parameters["biases"][:] = bias((outputs,), **options)
        self.input_rows = np.zeros((self.input_shape.size, 0), self.dtype)
        self.value_rows = np.zeros((self.output_shape.size, 0), self.dtype)
        self.signal_rows = np.zeros((self.output_shape.size, 0), self.dtype)
        self.entry_count = 0

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self.input_rows = values.reshape(self.input_shape.size, -1)
        sums = self.parameters["weights"] @ self.input_rows + self.parameters["biases"][:, None]
        self.value_rows = self.activation(sums)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self.signal_rows = signals.reshape(self.output_shape.size, -1)
        deltas = self.signal_rows * self.activation.derivative(self.value_rows)
        input_signals = self.parameters["weights"].T @ deltas
        apply_gradient(self.parameters, "weights", deltas @ self.input_rows.T, learning_rate)
        apply_gradient(self.parameters, "biases", total(deltas, axis=1), learning_rate)
        return input_signals.reshape(*self.input_shape, -1)

    @property
    def values(self) -> np.ndarray:
        """Output values (H, W, C, N) of the last forward."""
        return self.value_rows.reshape(*self.output_shape, -1)

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (H, W, C, N) in the last backward."""
        return self.signal_rows.reshape(*self.output_shape, -1)

    @property
    def connections(self) -> int:
        """Outputs times inputs."""
        return self.output_shape.size * self.input_shape.size

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {
            "output_shape": str(self.output_shape),
            "activation": self.activation.to_configuration(),
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return undrawn() | {
            "output_shape": fields.shape("output_shape"),
            "activation": fields.activation("activation"),
        }

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        sizes = self.output_shape.size, self.input_shape.size
        return [self._neuron_layer(AllToAll(*sizes, self._place_of("weights"), self._place_of("biases")))]
