"""SpectralNormalisation: a network whose weights are used divided by their largest singular value.

With W the weights as a matrix of outputs by the rest, and u and v vectors of length one:

    v  =  W'u / |W'u|,   u  =  W v / |W v|      the power iteration, in every forward in training
    sigma  =  u' W v                            close to the largest singular value
    used   =  W / sigma

(Miyato et al. 2018, "Spectral normalization for generative adversarial networks", algorithm 1.) Backwards,
with G = dLoss / d used, and u and v taken as constants (equation 12):

    dLoss / dW  =  (G - (sum of G * used) u v') / sigma
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from networks.base.building import built, common_dtype
from networks.base.checks import check_state
from networks.base.configuration import Fields
from networks.base.container import Build, Container, build_all
from networks.base.gradient_targets import apply_gradient
from networks.base.member_arrays import load_arrays
from networks.base.network import Network
from networks.base.recipe import Recipe
from networks.base.wiring import NeuronLayer
from nn.argument_checks import check_generator
from nn.kernels.core.sums import columns_times, dot, length_of, rows_times
from nn.parameters import Parameters
from nn.shape import ShapeLike, layer_shape

WEIGHTS = "network.weights"

STARTING_ITERATIONS = 15
"""Iterations before the first forward, as many as torch.nn.utils.parametrizations.spectral_norm makes."""


class SpectralNormalisation(Container):
    """Keeps the largest singular value of a network's weights near one.

    Its `parameters` are the weights before the division; those of the network inside, which it sets in
    every forward, are the weights as they are used. `state` returns the vectors u, "left", and v, "right".

    Parameters
    ----------
    input_shape
        Of the network.
    network
        With parameters called "weights", such as a dense layer or a convolution; or the recipe of one.
    generator
        Draws the weights of a recipe, and the vectors that the iteration starts from.
    iterations
        Steps of the power iteration in every forward in training.
    axis
        Which axis of the weights the outputs are on: 0 of dense layers and convolutions, -1 of
        transposed convolutions.
    dtype
        float32 or float64: by default as the network, or else float32.

    Raises
    ------
    ValueError
        When the network takes another shape, is of another dtype or has no weights, there is no such axis,
        or no iteration.
    """

    family = "spectral_normalisation"

    def __init__(
        self,
        input_shape: ShapeLike,
        network: Network | Recipe[Network],
        *,
        generator: np.random.Generator,
        iterations: int = 1,
        axis: int = 0,
        dtype: DTypeLike | None = None,
    ) -> None:
        what = f"{self.family}: network"
        dtype = common_dtype(dtype, [network])
        network = built(what, network, input_shape, generator=generator, dtype=dtype)
        shape, taken = layer_shape(f"{self.family}: input_shape", input_shape), network.input_shape
        if taken != shape:
            raise ValueError(
                f"{self.family}: the input is {shape}, but network ({network.family}) takes {taken}"
            )
        if "weights" not in network.parameters:
            raise ValueError(
                f"{self.family}: network ({network.family}) has no parameters called weights; it has "
                f"{', '.join(network.parameters.names) or 'none'}"
            )
        axes = len(network.parameters.shapes["weights"])
        if iterations < 1 or not -axes <= axis < axes:
            raise ValueError(
                f"{self.family}: iterations {iterations} must be at least 1, axis {axis} one of {axes}"
            )
        self.network, self.iterations, self.axis = network, iterations, axis
        self.named = {"network": network}
        self.input_shape, self.output_shape = network.input_shape, network.output_shape
        self._used = Parameters.join({"network": network.parameters})
        self.parameters = self._used.copy()
        for name in self._used.frozen:
            self.parameters.freeze(name)
        rows, columns = self._matrix(self.parameters[WEIGHTS]).shape
        check_generator(generator)
        drawn = (generator.normal(size=(length,)).astype(self.dtype) for length in (rows, columns))
        self._left, self._right = (_direction(vector, vector) for vector in drawn)
        self._iterate(STARTING_ITERATIONS)
        self._sigma = self.dtype.type(1)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values (*output_shape, N) of input values (*input_shape, N)."""
        self.divide_weights(training)
        return self.network.forward(values, training)

    def divide_weights(self, training: bool) -> None:
        """Give the network inside the weights as they are used; in training, after the power iteration."""
        if training:
            self._iterate(self.iterations)
        weights = self.parameters[WEIGHTS]
        sigma = self.dtype.type(dot(self._left, _rows_times(self._matrix(weights), self._right)))
        self._sigma = sigma if sigma != 0 else self.dtype.type(1)  # weights of zero stay zero
        self._used.values[:] = self.parameters.values
        self._used[WEIGHTS][...] = weights / self._sigma

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals (*input_shape, N) of output signals (*output_shape, N)."""
        return self.add_gradients_of(lambda: self.network.backward(signals), learning_rate)

    def add_gradients_of(
        self, backward: Callable[[], np.ndarray], learning_rate: float | None = None
    ) -> np.ndarray:
        """Return the input signals of a backward of the network inside; pass its gradients through sigma."""
        self._used.zero_gradients()
        input_signals = backward()
        for name in self.parameters.names:
            gradient = self._used.gradient(name)
            through = self._through_sigma(gradient) if name == WEIGHTS else gradient
            apply_gradient(self.parameters, name, through, learning_rate)
        return input_signals

    def _through_sigma(self, gradient: np.ndarray) -> np.ndarray:
        """Return dLoss / d weights, given dLoss / d used weights."""
        product = self.dtype.type(dot(gradient.ravel(), self._used[WEIGHTS].ravel()))
        shape = np.moveaxis(gradient, self.axis, 0).shape
        outer = np.moveaxis(np.outer(self._left, self._right).reshape(shape), 0, self.axis)
        return (gradient - product * outer) / self._sigma

    def _iterate(self, times: int) -> None:
        """Turn u and v towards the first pair of singular vectors.

        The sums are kernels: the threads of a library would compete with those of Numba.
        """
        matrix = self._matrix(self.parameters[WEIGHTS])
        for _ in range(times):
            self._left = _direction(_rows_times(matrix, self._right), self._left)
            self._right = _direction(_columns_times(matrix, self._left), self._right)

    def _matrix(self, weights: np.ndarray) -> np.ndarray:
        """Return weights as (outputs, all other axes), contiguous."""
        turned = np.moveaxis(weights, self.axis, 0)
        return np.ascontiguousarray(turned.reshape(len(turned), -1))

    @property
    def propagates(self) -> bool:
        """Whether the network computes its input signals."""
        return self.network.propagates

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        self.network.propagates = wanted

    @property
    def labels(self) -> int | None:  # type: ignore[override]
        """How many labels an input of the network may be."""
        return self.network.labels

    @property
    def values(self) -> Any:
        """The values of the network in the last forward."""
        return self.network.values

    @property
    def signals(self) -> Any:
        """The signals of the network in the last backward."""
        return self.network.signals

    @property
    def returned(self) -> Any:
        """What the network returned in the last forward."""
        return self.network.returned

    def state(self) -> dict[str, np.ndarray]:
        """Return the vectors u (outputs,) and v (all others,), and what the network carries."""
        return {"left": self._left, "right": self._right, **super().state()}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned; without any, the vectors stay as they are."""
        if state:
            check_state(self, state)
            self._left, self._right = state["left"].copy(), state["right"].copy()
        rest = {name: array for name, array in state.items() if name not in ("left", "right")}
        load_arrays(self.named, rest)

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the network; see `Network.output_range`."""
        return self.network.output_range(input_range)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the iteration and the network."""
        return {
            "family": self.family,
            "iterations": self.iterations,
            "axis": self.axis,
            "network": self.network.to_configuration(),
        }

    @classmethod
    def from_configuration(  # type: ignore[override]  # it is given what builds the networks in it
        cls, configuration: Mapping[str, Any], structure: Mapping[str, np.ndarray], *, build: Build
    ) -> Self:
        """Build the network that `to_configuration` described, with parameters of zero.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration) as fields:
            iterations, axis = fields.whole("iterations"), fields.whole("axis")
            described = fields.description("network")
        network = build_all(cls.family, {"network": described}, structure, build)["network"]
        generator = np.random.default_rng(0)
        return cls(network.input_shape, network, generator=generator, iterations=iterations, axis=axis)

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layers of the network inside; their weights are those before the division."""
        return self.network.wiring()


def _rows_times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    product = np.empty(len(matrix), matrix.dtype)
    rows_times(matrix, vector, product)
    return product


def _columns_times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    product = np.empty(matrix.shape[1], matrix.dtype)
    columns_times(matrix, vector, product)
    return product


def _direction(vector: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return a vector scaled to length one; the previous one where it is zero."""
    length = length_of(vector)
    return (vector / length).astype(vector.dtype) if length > 0 else before
